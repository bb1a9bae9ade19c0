import { fromBase64url, toBase64url } from '@strongroom/crypto'

/** As the web has it; what a page’s `navigator.credentials` is. */
export interface PasskeyPlatform {
  create(options: object): Promise<unknown>
  get(options: object): Promise<unknown>
}

/** What a passkey signed, in base64url; the wire has it so. */
export interface PasskeyAnswer {
  readonly credentialId: string
  readonly authenticatorData: string
  readonly clientDataJSON: string
  readonly signature: string
  readonly userHandle?: string
}

export type PasskeyFault = 'no-webauthn' | 'dismissed' | 'other-algorithm' | 'other-domain'

const sentences: Readonly<Record<PasskeyFault, string>> = {
  'no-webauthn': 'this platform has no passkeys',
  dismissed: 'no passkey was given',
  'other-algorithm': 'the passkey is none on P-256',
  'other-domain': 'the server names another domain',
}

export class PasskeyError extends Error {
  readonly fault: PasskeyFault

  constructor(fault: PasskeyFault) {
    super(sentences[fault])
    this.name = 'PasskeyError'
    this.fault = fault
  }
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

export interface PasskeyQuestion {
  readonly rpId: string
  /** 32 bytes: of a sign-in, or the hash of what an account is to do. */
  readonly challenge: Uint8Array
  /** Which passkeys may answer, by their ids; any of the domain where none is named. */
  readonly allowed?: readonly string[]
}

/** @throws PasskeyError */
export async function askPasskey(
  { rpId, challenge, allowed = [] }: PasskeyQuestion,
  platform: PasskeyPlatform = ownPlatform(),
): Promise<PasskeyAnswer> {
  const allowCredentials = allowed.map((id) => ({ type: 'public-key', id: bytes(id) }))
  const named = allowed.length > 0 && { allowCredentials }
  const publicKey = { rpId, challenge: Uint8Array.from(challenge), userVerification: 'required', ...named }
  const { rawId, response } = (await asked(() => platform.get({ publicKey }))) as Asserted
  return {
    credentialId: text(rawId),
    authenticatorData: text(response.authenticatorData),
    clientDataJSON: text(response.clientDataJSON),
    signature: text(response.signature),
    ...(response.userHandle && { userHandle: text(response.userHandle) }),
  }
}

export const text = (buffer: ArrayBuffer): string => toBase64url(new Uint8Array(buffer))
export const bytes = (id: string): Uint8Array => Uint8Array.from(fromBase64url(id))

/** The platform tells a page little of why nothing came, and so do we. */
export async function asked(ask: () => Promise<unknown>): Promise<unknown> {
  let credential: unknown
  try {
    credential = await ask()
  } catch {
    throw new PasskeyError('dismissed')
  }
  if (typeof credential !== 'object' || credential === null) throw new PasskeyError('dismissed')
  return credential
}

export function ownPlatform(): PasskeyPlatform {
  const { credentials } = (globalThis as { navigator?: { credentials?: PasskeyPlatform } }).navigator ?? {}
  if (!credentials) throw new PasskeyError('no-webauthn')
  return credentials
}
