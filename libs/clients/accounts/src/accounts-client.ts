import type { DeviceKey } from '@strongroom/device-auth-client'
import { accountApi } from './api/account.ts'
import type { ChainName, Described, Login, NewKey, Recovery, Relayed, SignedIn, TwoFactorAuth } from './api/answers.ts'
import { approvalsApi, lookAtTwoFactor, type SignedRequest, type Signing } from './api/approvals.ts'
import { authApi } from './api/auth.ts'
import { type AccountsOptions, openTransport } from './api/transport.ts'
import { type Passkey, type PasskeyOwner, registerPasskey } from './make-passkey.ts'
import { askPasskey, type PasskeyPlatform } from './passkey.ts'
import { type CredentialStore, newCredentialStore, openSession, signedIn } from './session.ts'
import { callOf } from './read-described.ts'
import { publicKeyOf, signChallenge } from './sign-in-signature.ts'
import { type AccountSigner, challengeBytes, type ExpectedChange, signChange } from './sign-request.ts'

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
  /** After the hold: what the recovery key is to sign. Until then it tells how the recovery stands. */
  describeRecovery(lost?: string): Promise<Described | { readonly recovery: Recovery }>
  /**
   * After the hold: what the server describes, signed by the recovery key if it lets in the expected key and does nothing
   * else, and sent. Until then it tells how the recovery stands. @throws RequestError besides
   */
  recoverBy(
    recoveryKey: AccountSigner,
    expected: Omit<ExpectedChange, 'kind'>,
  ): Promise<{ readonly transaction: Relayed } | { readonly recovery: Recovery }>
  /** After the hold: what the recovery key signed. Until then it tells how the recovery stands. */
  sendRecovery(request: SignedRequest): Promise<{ readonly transaction: Relayed } | { readonly recovery: Recovery }>
}

/** Says nothing to any log, follows no redirect. @throws TypeError for a base URL that is neither HTTPS nor local. */
export function accountsClient({ credentials = newCredentialStore(), ...options }: ClientOptions) {
  const transport = openTransport(options)
  const auth = authApi(transport)
  const session = openSession(credentials, (token) => auth.refresh(token))
  const own = signedIn(session, transport)
  const approvals = approvalsApi(own)
  const entered = async (asked: Promise<SignedIn>): Promise<SignedIn> => {
    const answer = await asked
    await session.begin(answer.credentials)
    return answer
  }
  return {
    ...accountApi(own),
    ...approvals,

    /**
     * Has a change of the account’s signers described, signs it if it is the expected one and no other, and asks the server to
     * sign it as well; again, once it is approved or its hold is over. @throws RequestError besides
     */
    async change(signer: AccountSigner, expected: ExpectedChange, chainName?: ChainName): Promise<Signing> {
      const { kind, publicKey } = expected
      return approvals.signEvm(
        await signDescribed(signer, await approvals.describeChange({ kind, publicKey }, chainName), expected),
      )
    },

    signUp: (login: Login, key: NewKey) => entered(auth.signUp(login, key)),

    async signIn(login: Login, key: DeviceKey): Promise<SignedIn> {
      const { challengeData } = await auth.beginSignIn('deviceKey', login, publicKeyOf(key))
      const signature = await signChallenge(key, challengeData)
      return entered(auth.finishSignIn(challengeData, { challengeType: 'deviceKey', deviceKey: { signature } }))
    },

    /** A passkey with how it was made, for `signUp`, `askToBeLetIn` or a recovery. @throws PasskeyError besides */
    makePasskey: async (
      { rpId, userName }: Pick<PasskeyOwner, 'rpId' | 'userName'>,
      platform?: PasskeyPlatform,
    ): Promise<Required<Passkey>> =>
      registerPasskey({ rpId, userName, options: await auth.passkeyOptions() }, platform),

    /** The same for a further one of whoever is signed in. @throws PasskeyError besides */
    makeFurtherPasskey: async (
      { rpId, userName }: Pick<PasskeyOwner, 'rpId' | 'userName'>,
      platform?: PasskeyPlatform,
    ): Promise<Required<Passkey>> =>
      registerPasskey({ rpId, userName, options: await accountApi(own).ownPasskeyOptions() }, platform),

    /** @throws PasskeyError besides */
    async signInByPasskey(
      login: Login,
      { rpId, publicKey }: Pick<Passkey, 'publicKey'> & { readonly rpId: string },
      platform?: PasskeyPlatform,
    ): Promise<SignedIn> {
      const { challengeData, allowCredentials = [] } = await auth.beginSignIn('passKey', login, publicKey)
      const allowed = allowCredentials.map(({ id }) => id)
      const passKey = await askPasskey({ rpId, challenge: challengeBytes(challengeData), allowed }, platform)
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
        describeRecovery: (lost) => auth.describeRecovery(token, lost),
        async recoverBy(recoveryKey, expected) {
          const described = await auth.describeRecovery(token, expected.lost)
          if ('recovery' in described) return described
          return auth.sendRecovery(
            token,
            await signDescribed(recoveryKey, described, { ...expected, kind: 'add-signer' }),
          )
        },
        sendRecovery: (request) => auth.sendRecovery(token, request),
      }
    },

    signOut: () => session.end(),
  }
}

async function signDescribed(
  signer: AccountSigner,
  described: Described,
  expected: ExpectedChange,
): Promise<SignedRequest> {
  const call = callOf(described)
  return { chainName: described.chainName, call, signatures: [await signChange(signer, call, expected)] }
}
