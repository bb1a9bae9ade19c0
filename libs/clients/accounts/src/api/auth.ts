import type { PasskeyOptions } from '../make-passkey.ts'
import type { PasskeyAnswer } from '../passkey.ts'
import type {
  Challenge,
  Credentials,
  Described,
  Login,
  NewKey,
  Recovery,
  Relayed,
  SignedIn,
  TwoFactorAuth,
} from './answers.ts'
import type { SignedRequest } from './approvals.ts'
import type { Transport } from './transport.ts'

const signedIn = { account: 'object', credentials: 'object' } as const

export type ChallengeType = 'deviceKey' | 'passKey' | 'recoveryKey'

export type ChallengeAnswer =
  | { readonly challengeType: 'deviceKey'; readonly deviceKey: { readonly signature: string } }
  | { readonly challengeType: 'passKey'; readonly passKey: PasskeyAnswer }
  | {
      readonly challengeType: 'recoveryKey'
      readonly recoveryKey: { readonly signature: string; readonly newDeviceKey: NewKey }
    }

/** What needs no session. Every method throws `AccountsError`. */
export const authApi = ({ send }: Transport) => ({
  /** Again with the same login and key, within five minutes and before the account stands, it answers the same account. */
  signUp: (login: Login, userKey: NewKey): Promise<SignedIn> =>
    send({ method: 'POST', path: '/auth/v1/signup', body: { ...login, userKey }, fields: signedIn }),

  /** What a new passkey is to be made by: good once, for five minutes. */
  passkeyOptions: async (): Promise<PasskeyOptions> => {
    const { options } = await send<{ options: PasskeyOptions }>({
      method: 'POST',
      path: '/auth/v1/passkeys/options',
      fields: { options: 'object' },
    })
    return options
  },

  /** `PleaseSignUp`, `PleaseRegisterKey`: the login has no account, or the account not this key. */
  beginSignIn: (challengeType: ChallengeType, request: Login, publicKey: string): Promise<Challenge> =>
    send({
      method: 'POST',
      path: '/auth/v1/signin/challenge',
      body: { challengeType, request, publicKey },
      fields: { challengeData: 'string', expiresAt: 'string' },
    }),

  /** Good or bad, it uses the challenge up. */
  finishSignIn: (challengeData: string, answer: ChallengeAnswer): Promise<SignedIn> =>
    send({
      method: 'POST',
      path: '/auth/v1/signin/challenge/respond',
      body: { ...answer, challengeData },
      fields: signedIn,
    }),

  /** The refresh token is spent; one that comes twice ends all that followed from its sign-in. */
  refresh: async (refreshToken: string): Promise<Credentials> => {
    const { credentials } = await send<{ credentials: Credentials }>({
      method: 'POST',
      path: '/auth/v1/refresh',
      body: { refreshToken },
      fields: { credentials: 'object' },
    })
    return credentials
  },

  beginTwoFactor: (
    request: Login,
    userKey: NewKey,
  ): Promise<{ twoFactorAuth: TwoFactorAuth; ephemeralAccessToken: string }> =>
    send({
      method: 'POST',
      path: '/auth/v1/signin/2fa',
      body: { request, userKey },
      fields: { twoFactorAuth: 'object', ephemeralAccessToken: 'string' },
    }),

  /** Has another device of the account asked. @param token the ephemeral one. */
  resendTwoFactor: async (token: string, { id, destDeviceId }: { id: string; destDeviceId: string }): Promise<void> => {
    const fields = { twoFactorAuth: 'object' } as const
    await send({ method: 'PUT', path: `/device/v1/2fa/${id}`, token, body: { destDeviceId }, fields })
  },

  /** @param token the ephemeral one. */
  finishTwoFactor: (token: string, twoFactorAuthRequestId: string): Promise<SignedIn> =>
    send({
      method: 'POST',
      path: '/auth/v1/signin/2fa/finish',
      token,
      body: { twoFactorAuthRequestId },
      fields: signedIn,
    }),

  /** Opens a quarter of an hour in which the recovery key is believed; tells every device. */
  recover: (ephemeralToken: string): Promise<void> =>
    send({ method: 'POST', path: '/auth/v1/recover', token: ephemeralToken }),

  /** After the hold: what the recovery key is to sign. Until then it answers how long that is. */
  describeRecovery: (token: string, lost?: string): Promise<Described | { readonly recovery: Recovery }> => {
    const query = lost === undefined ? '' : `?lost=${encodeURIComponent(lost)}`
    return send({ method: 'GET', path: `/auth/v1/recover/transaction${query}`, token, fields: {} })
  },

  /** After the hold: what the recovery key signed to let the new key in. Until then it answers how long that is. */
  sendRecovery: (
    token: string,
    body: SignedRequest,
  ): Promise<{ readonly transaction: Relayed } | { readonly recovery: Recovery }> =>
    send({ method: 'POST', path: '/auth/v1/recover/transaction', token, body, fields: {} }),
})
