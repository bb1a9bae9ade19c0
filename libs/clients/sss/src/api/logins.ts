import type { Secret } from '@strongroom/crypto'
import type { Transport } from './transport.ts'

export type LoginsApi = ReturnType<typeof loginsApi>

/** Challenges for presentations, and the codes of an upgrade. Each throws `SssError`. */
export const loginsApi = ({ send }: Transport) => ({
  /** Each good once, for the presentation's DID. @param amount 1 to 100. */
  readChallenges: (presentation: Secret, amount = 1) =>
    send<readonly string[]>({ method: 'GET', path: '/challenges', query: { amount }, presentation }),

  /** Six digits by mail. */
  sendLoginCode: ({ email, locale }: { readonly email: string; readonly locale?: string }) =>
    send<CodeAnswer>({ method: 'POST', path: '/send-login-verification-code', body: { email, locale } }),

  verifyLoginCode: ({ email, code }: { readonly email: string; readonly code: Secret }) =>
    send<CodeAnswer & { readonly token?: string }>({
      method: 'POST',
      path: '/verify-login-code',
      body: { email, code },
    }),

  checkHealth: () => send<string>({ method: 'GET', path: '/health-check' }),
})

export interface CodeAnswer {
  readonly success: boolean
  readonly error?: string
}
