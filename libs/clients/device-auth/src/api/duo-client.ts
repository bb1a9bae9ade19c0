import { devicesApi } from './devices.ts'
import { facesApi } from './faces.ts'
import { keysharesApi } from './keyshares.ts'
import { transactionsApi } from './transactions.ts'
import { type DuoOptions, openTransport } from './transport.ts'

/** The REST API v2 of Silence Laboratories' Duo auth service, and what mpc-auth added. Every method throws `DuoError`. */
export type DuoClient = ReturnType<typeof duoClient>

/** Says nothing to any log, follows no redirect. @throws TypeError for a base URL that is neither HTTPS nor local. */
export function duoClient(options: DuoOptions) {
  const transport = openTransport(options)
  return {
    ...devicesApi(transport),
    ...facesApi(transport),
    ...keysharesApi(transport),
    ...transactionsApi(transport),
  }
}
