import { type FaceMatcher, FaceServiceUnavailable, faceTec } from '@strongroom/key-shares'
import type { ApiParts, kernelSettings, ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings> & ValuesOf<typeof kernelSettings>

/** The face server that is configured; a stub of one is believed in development alone. */
export function facesFrom(values: Values, log: ApiParts<typeof settings>['log']): FaceMatcher {
  const { FACETEC_URL: url, FACETEC_DEVICE_KEY: deviceKey, FACETEC_BASIC_AUTH: basicAuth } = values
  if (url === undefined) return nobody
  const faces = faceTec({
    url,
    ...(deviceKey && { deviceKey }),
    ...(basicAuth && { basicAuth }),
    minMatchLevel: values.FACETEC_MIN_MATCH_LEVEL,
    stubs: values.STRONGROOM_ENV === 'development' ? 'allowed' : 'refused',
  })
  const tell = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      // Callers learn that it is away; why, only whoever runs it: a wrong key, a stub, another kind of server.
      if (error instanceof FaceServiceUnavailable) log.warn('the face service failed', { code: error.code })
      throw error
    })
  return {
    sessionToken: (userAgent) => tell(faces.sessionToken(userAgent)),
    enrol: (ref, scan) => tell(faces.enrol(ref, scan)),
    match: (ref, scan) => tell(faces.match(ref, scan)),
    check: () => tell(faces.check()),
  }
}

const away = (): Promise<never> =>
  Promise.reject(new FaceServiceUnavailable({ reason: 'unavailable', code: 'not-configured' }))

/** Where no server is configured, no face is anybody's. */
const nobody: FaceMatcher = { sessionToken: away, enrol: away, match: away, check: away }
