import { type KeysApi, keysApi } from './keys.ts'
import { type LoginsApi, loginsApi } from './logins.ts'
import { type QrLoginApi, qrLoginApi } from './qr-login.ts'
import { type ApiOptions, openTransport } from './transport.ts'

/** The HTTP API of sss-lca, which is LearnCard's LCA API and what we added. */
export interface SssApi {
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly keys: KeysApi
  readonly logins: LoginsApi
  readonly qrLogin: QrLoginApi
}

/** Says nothing to any log, follows no redirect. @throws TypeError for a base URL that is neither HTTPS nor local. */
export function openApi(options: ApiOptions): SssApi {
  const transport = openTransport(options)
  return {
    baseUrl: transport.baseUrl,
    keys: keysApi(transport),
    logins: loginsApi(transport),
    qrLogin: qrLoginApi(transport),
  }
}
