import { type RandomSource, systemRandom, toUtf8 } from '@strongroom/crypto'

/** What every recovery passkey of LearnCard's evaluates; another input would give another key. */
const PRF_INPUT = 'learncard-sss-recovery-v1'
const TIMEOUT_MS = 60_000

/** What `navigator.credentials` does for us (WebAuthn level 3). */
export interface Credentials {
  create(options: { publicKey: CreationOptions }): Promise<unknown>
  get(options: { publicKey: RequestOptions }): Promise<unknown>
}

type Bytes = Uint8Array<ArrayBuffer>

interface PrfInput {
  prf: { eval: { first: Bytes } }
}

export interface CreationOptions {
  challenge: Bytes
  rp: { id: string; name: string }
  user: { id: Bytes; name: string; displayName: string }
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  authenticatorSelection: { residentKey: 'required'; userVerification: 'required' }
  attestation: 'none'
  timeout: number
  extensions: PrfInput
}

export interface RequestOptions {
  challenge: Bytes
  rpId: string
  allowCredentials: { type: 'public-key'; id: Bytes }[]
  userVerification: 'required'
  timeout: number
  extensions: PrfInput
}

/** Whom the passkey is for, as the authenticator will show it. */
export interface PasskeyOwner {
  /** The domain that the passkey is bound to: the page's host or a parent domain of it. */
  readonly rpId: string
  readonly rpName: string
  readonly userName: string
}

/** For `navigator.credentials.create`. */
export function passkeyCreation(
  { rpId, rpName, userName }: PasskeyOwner,
  random: RandomSource = systemRandom,
): CreationOptions {
  return {
    challenge: fresh(32, random),
    rp: { id: rpId, name: rpName },
    // A user id of its own: an authenticator replaces the passkey of the same user, and the recovery behind it.
    user: { id: fresh(32, random), name: userName, displayName: userName },
    pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
    // With and without verification an authenticator gives different PRF outputs: it is demanded each time.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    timeout: TIMEOUT_MS,
    extensions: prfInput(),
  }
}

/** For `navigator.credentials.get`. The challenge is for nobody: the server never sees the assertion. */
export const passkeyRequest = (
  { rpId, credentialId }: { readonly rpId: string; readonly credentialId: Uint8Array },
  random: RandomSource = systemRandom,
): RequestOptions => ({
  challenge: fresh(32, random),
  rpId,
  allowCredentials: [{ type: 'public-key', id: Uint8Array.from(credentialId) }],
  userVerification: 'required',
  timeout: TIMEOUT_MS,
  extensions: prfInput(),
})

const prfInput = (): PrfInput => ({ prf: { eval: { first: Uint8Array.from(toUtf8(PRF_INPUT)) } } })

const fresh = (length: number, random: RandomSource): Bytes => Uint8Array.from(random(length))
