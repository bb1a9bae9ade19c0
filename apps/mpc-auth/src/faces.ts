import { type FaceMatcher, FaceServiceUnavailable, faceTec } from '@strongroom/key-shares'
import type { kernelSettings, ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings> & ValuesOf<typeof kernelSettings>

/** The face server that is configured; a stub of one is believed in development alone. */
export function facesFrom(values: Values): FaceMatcher {
  const { FACETEC_URL: url, FACETEC_DEVICE_KEY: deviceKey, FACETEC_BASIC_AUTH: basicAuth } = values
  if (url === undefined) return nobody
  return faceTec({
    url,
    ...(deviceKey && { deviceKey }),
    ...(basicAuth && { basicAuth }),
    minMatchLevel: values.FACETEC_MIN_MATCH_LEVEL,
    stubs: values.STRONGROOM_ENV === 'development' ? 'allowed' : 'refused',
  })
}

const away = (): Promise<never> =>
  Promise.reject(new FaceServiceUnavailable({ reason: 'unavailable', code: 'not-configured' }))

/** Where no server is configured, no face is anybody's. */
const nobody: FaceMatcher = { sessionToken: away, enrol: away, match: away, check: away }
