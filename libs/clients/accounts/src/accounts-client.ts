import type { DeviceKey } from '@strongroom/device-auth-client'
import { accountApi } from './api/account.ts'
import type { Login, NewKey, Recovery, Relayed, SignedIn, TwoFactorAuth } from './api/answers.ts'
import { approvalsApi, lookAtTwoFactor, type SignedRequest } from './api/approvals.ts'
import { authApi } from './api/auth.ts'
import { type AccountsOptions, openTransport } from './api/transport.ts'
import { askPasskey, type Passkey, type PasskeyPlatform } from './passkey.ts'
import { type CredentialStore, newCredentialStore, openSession, signedIn } from './session.ts'
import { publicKeyOf, signChallenge } from './sign-in-signature.ts'
import { challengeBytes } from './sign-request.ts'

export interface ClientOptions extends AccountsOptions {
  /** In memory, where none is given. */
  readonly credentials?: CredentialStore
}

/** Hyphen’s account API as mpc-auth serves it, by device key and passkey. */
export type AccountsClient = ReturnType<typeof accountsClient>

/** A device that waits to be let in by another one. */
export interface Waiting {
  readonly twoFactorAuth: TwoFactorAuth
  /** How the request stands. */
  look(): Promise<TwoFactorAuth>
  /** Asks another device. */
  resend(destDeviceId: string): Promise<void>
  /** Signed in, once the other device has approved: `TwoFactorPending` until then. */
  finish(): Promise<SignedIn>
  /** Has the recovery key believed for a quarter of an hour. */
  recover(): Promise<void>
  /** After the hold: what the recovery key signed. Until then it tells how the recovery stands. */
  sendRecovery(request: SignedRequest): Promise<{ readonly transaction: Relayed } | { readonly recovery: Recovery }>
}

/** Says nothing to any log, follows no redirect. @throws TypeError for a base URL that is neither HTTPS nor local. */
export function accountsClient({ credentials = newCredentialStore(), ...options }: ClientOptions) {
  const transport = openTransport(options)
  const auth = authApi(transport)
  const session = openSession(credentials, (token) => auth.refresh(token))
  const own = signedIn(session, transport)
  const entered = async (asked: Promise<SignedIn>): Promise<SignedIn> => {
    const answer = await asked
    await session.begin(answer.credentials)
    return answer
  }
  return {
    ...accountApi(own),
    ...approvalsApi(own),

    signUp: (login: Login, key: NewKey) => entered(auth.signUp(login, key)),

    async signIn(login: Login, key: DeviceKey): Promise<SignedIn> {
      const { challengeData } = await auth.beginSignIn('deviceKey', login, publicKeyOf(key))
      const signature = await signChallenge(key, challengeData)
      return entered(auth.finishSignIn(challengeData, { challengeType: 'deviceKey', deviceKey: { signature } }))
    },

    /** @throws PasskeyError besides */
    async signInByPasskey(
      login: Login,
      { rpId, publicKey }: Pick<Passkey, 'publicKey'> & { readonly rpId: string },
      platform?: PasskeyPlatform,
    ): Promise<SignedIn> {
      const { challengeData } = await auth.beginSignIn('passKey', login, publicKey)
      const passKey = await askPasskey({ rpId, challenge: challengeBytes(challengeData) }, platform)
      return entered(auth.finishSignIn(challengeData, { challengeType: 'passKey', passKey }))
    },

    /** With the recovery key, within its window: the new key serves when its hold is over. */
    async signInByRecoveryKey(login: Login, recoveryKey: DeviceKey, newDeviceKey: NewKey): Promise<SignedIn> {
      const { challengeData } = await auth.beginSignIn('recoveryKey', login, publicKeyOf(recoveryKey))
      const signature = await signChallenge(recoveryKey, challengeData)
      const answer = { challengeType: 'recoveryKey', recoveryKey: { signature, newDeviceKey } } as const
      return entered(auth.finishSignIn(challengeData, answer))
    },

    async askToBeLetIn(login: Login, key: NewKey): Promise<Waiting> {
      const { twoFactorAuth, ephemeralAccessToken: token } = await auth.beginTwoFactor(login, key)
      const { id } = twoFactorAuth
      return {
        twoFactorAuth,
        look: () => lookAtTwoFactor(transport, { id, token }),
        resend: (destDeviceId) => auth.resendTwoFactor(token, { id, destDeviceId }),
        finish: () => entered(auth.finishTwoFactor(token, id)),
        recover: () => auth.recover(token),
        sendRecovery: (request) => auth.sendRecovery(token, request),
      }
    },

    signOut: () => session.end(),
  }
}
