import { toBase64url, toHex } from '@strongroom/crypto'

/** As the web has it; what a page’s `navigator.credentials` is. */
export interface PasskeyPlatform {
  create(options: object): Promise<unknown>
  get(options: object): Promise<unknown>
}

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
}

/** What a passkey signed, in base64url; the wire has it so. */
export interface PasskeyAnswer {
  readonly credentialId: string
  readonly authenticatorData: string
  readonly clientDataJSON: string
  readonly signature: string
  readonly userHandle?: string
}

export type PasskeyFault = 'no-webauthn' | 'dismissed' | 'other-algorithm'

const sentences: Readonly<Record<PasskeyFault, string>> = {
  'no-webauthn': 'this platform has no passkeys',
  dismissed: 'no passkey was given',
  'other-algorithm': 'the passkey is none on P-256',
}

export class PasskeyError extends Error {
  readonly fault: PasskeyFault

  constructor(fault: PasskeyFault) {
    super(sentences[fault])
    this.name = 'PasskeyError'
    this.fault = fault
  }
}

const ES256 = -7
const POINT_BYTES = 64

interface Created {
  readonly rawId: ArrayBuffer
  readonly response: { getPublicKeyAlgorithm(): number; getPublicKey(): ArrayBuffer | null }
}

/** Made by the platform, P-256 alone: chains verify no other. @throws PasskeyError */
export async function createPasskey(
  { rpId, rpName, userId, userName }: PasskeyOwner,
  platform: PasskeyPlatform = ownPlatform(),
): Promise<Passkey> {
  const publicKey = {
    rp: { id: rpId, name: rpName },
    user: { id: userId, name: userName, displayName: userName },
    // Judged by nobody: what counts is what the key signs later.
    challenge: globalThis.crypto.getRandomValues(new Uint8Array(32)),
    pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
  }
  const { rawId, response } = (await asked(() => platform.create({ publicKey }))) as Created
  const spki = response.getPublicKey()
  if (response.getPublicKeyAlgorithm() !== ES256 || !spki) throw new PasskeyError('other-algorithm')
  // SubjectPublicKeyInfo of a P-256 key ends with the uncompressed point.
  const point = new Uint8Array(spki).slice(-POINT_BYTES)
  return { credentialId: toBase64url(new Uint8Array(rawId)), publicKey: toHex(point) }
}

interface Asserted {
  readonly rawId: ArrayBuffer
  readonly response: {
    readonly authenticatorData: ArrayBuffer
    readonly clientDataJSON: ArrayBuffer
    readonly signature: ArrayBuffer
    readonly userHandle: ArrayBuffer | null
  }
}

/** @param challenge 32 bytes: of a sign-in, or the hash of what an account is to do. @throws PasskeyError */
export async function askPasskey(
  { rpId, challenge }: { readonly rpId: string; readonly challenge: Uint8Array },
  platform: PasskeyPlatform = ownPlatform(),
): Promise<PasskeyAnswer> {
  const publicKey = { rpId, challenge: Uint8Array.from(challenge), userVerification: 'required' }
  const { rawId, response } = (await asked(() => platform.get({ publicKey }))) as Asserted
  return {
    credentialId: text(rawId),
    authenticatorData: text(response.authenticatorData),
    clientDataJSON: text(response.clientDataJSON),
    signature: text(response.signature),
    ...(response.userHandle && { userHandle: text(response.userHandle) }),
  }
}

const text = (bytes: ArrayBuffer): string => toBase64url(new Uint8Array(bytes))

/** The platform tells a page little of why nothing came, and so do we. */
async function asked(ask: () => Promise<unknown>): Promise<unknown> {
  let credential: unknown
  try {
    credential = await ask()
  } catch {
    throw new PasskeyError('dismissed')
  }
  if (typeof credential !== 'object' || credential === null) throw new PasskeyError('dismissed')
  return credential
}

function ownPlatform(): PasskeyPlatform {
  const { credentials } = (globalThis as { navigator?: { credentials?: PasskeyPlatform } }).navigator ?? {}
  if (!credentials) throw new PasskeyError('no-webauthn')
  return credentials
}
