import { joinServices, type Service, type ServicePart, type Settings } from '@strongroom/service'
import { accountsPart } from './accounts/accounts.ts'
import type { Api } from './apis.ts'
import { duoPart } from './duo/duo.ts'

const names = {
  name: 'mpc-auth',
  summary:
    'Guards MPC wallets and accounts on a chain. `duo`: registers devices and faces, keeps encrypted key shares, answers the MPC node; wire compatible with the Duo auth service, v2. `accounts`: signs in by device keys and passkeys, deploys accounts and co-signs for them; wire compatible with Hyphen’s account API, v1.',
}

const parts: Readonly<Record<Api, ServicePart<Settings>>> = { duo: duoPart, accounts: accountsPart }

/** With these APIs and no others. */
export function mpcAuthWith(apis: readonly Api[]): Service<Settings> {
  const [first = duoPart, ...others] = apis.map((api) => parts[api])
  return joinServices(names, [first, ...others])
}

/** With all that it can offer, as documents describe it. */
export const mpcAuth = mpcAuthWith(['duo', 'accounts'])
