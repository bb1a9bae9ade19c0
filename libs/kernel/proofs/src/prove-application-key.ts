import { Secret } from '@strongroom/crypto'
import { prover } from '@strongroom/http'
import { applicationKey, applicationKeyRefused } from './application-key.ts'

export interface ApplicationKeyDeps {
  readonly applicationKey: Secret | undefined
}

export const proveApplicationKey = prover<ApplicationKeyDeps>()(
  applicationKey,
  ({ headers }, { applicationKey: expected }) => {
    const brought = headers['x-application-key']
    if (!expected) return undefined
    return typeof brought === 'string' && new Secret(brought).equals(expected) ? undefined : applicationKeyRefused()
  },
)
