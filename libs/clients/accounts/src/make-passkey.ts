import { toHex } from '@strongroom/crypto'
import { asked, bytes, ownPlatform, PasskeyError, type PasskeyPlatform, text } from './passkey.ts'

export interface PasskeyOwner {
  /** The domain that the passkey is for; the page's own, or one that it is below of. */
  readonly rpId: string
  readonly rpName: string
  /** 1 to 64 bytes that name the account and say nothing of the person. */
  readonly userId: Uint8Array
  readonly userName: string
}

export interface Passkey {
  /** base64url. */
  readonly credentialId: string
  /** x and y, 128 hex digits. */
  readonly publicKey: string
  /** How it was made, for who is to know its id: told once, with the key. */
  readonly registration?: PasskeyRegistration
}

/** `RegistrationResponseJSON` of WebAuthn, as far as it is read. */
export interface PasskeyRegistration {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string }
  readonly clientExtensionResults: Readonly<Record<never, never>>
}

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn, as the server draws it. */
export interface PasskeyOptions {
  readonly rp: { readonly id: string; readonly name: string }
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  readonly challenge: string
  readonly timeout: number
  readonly excludeCredentials: readonly { readonly id: string }[]
}

const ES256 = -7
const POINT_BYTES = 64

interface Created {
  readonly rawId: ArrayBuffer
  readonly response: {
    readonly clientDataJSON: ArrayBuffer
    readonly attestationObject: ArrayBuffer
    getPublicKeyAlgorithm(): number
    getPublicKey(): ArrayBuffer | null
  }
}

/** P-256 alone: chains verify no other. It is found without its id, and its owner is asked for a finger or a PIN. */
const usual = {
  pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
  authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  attestation: 'none',
}

/** Made by the platform, and known by its key alone: its id is told to nobody. @throws PasskeyError */
export async function createPasskey(
  { rpId, rpName, userId, userName }: PasskeyOwner,
  platform: PasskeyPlatform = ownPlatform(),
): Promise<Passkey> {
  const publicKey = {
    rp: { id: rpId, name: rpName },
    user: { id: userId, name: userName, displayName: userName },
    // Judged by nobody: what counts is what the key signs later.
    challenge: globalThis.crypto.getRandomValues(new Uint8Array(32)),
    ...usual,
  }
  return read((await asked(() => platform.create({ publicKey }))) as Created)
}

/**
 * Made by what the server drew, for the domain that is named here, under the person’s own name, which the server never
 * learns; with how it was made. What the server would have otherwise is not asked for. @throws PasskeyError
 */
export async function registerPasskey(
  { rpId, userName, options }: Pick<PasskeyOwner, 'rpId' | 'userName'> & { readonly options: PasskeyOptions },
  platform: PasskeyPlatform = ownPlatform(),
): Promise<Required<Passkey>> {
  if (options.rp.id !== rpId) throw new PasskeyError('other-domain')
  const publicKey = {
    rp: options.rp,
    user: { id: bytes(options.user.id), name: userName, displayName: userName },
    challenge: bytes(options.challenge),
    timeout: options.timeout,
    excludeCredentials: options.excludeCredentials.map(({ id }) => ({ type: 'public-key', id: bytes(id) })),
    ...usual,
  }
  const created = (await asked(() => platform.create({ publicKey }))) as Created
  const made = read(created)
  const { clientDataJSON, attestationObject } = created.response
  const response = { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) }
  const { credentialId: id } = made
  return { ...made, registration: { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} } }
}

function read({ rawId, response }: Created): Passkey {
  const spki = response.getPublicKey()
  if (response.getPublicKeyAlgorithm() !== ES256 || !spki) throw new PasskeyError('other-algorithm')
  // SubjectPublicKeyInfo of a P-256 key ends with the uncompressed point.
  const point = new Uint8Array(spki).slice(-POINT_BYTES)
  return { credentialId: text(rawId), publicKey: toHex(point) }
}
