import { fromBase64, Secret, toBase64 } from '@strongroom/crypto'
import { importAesKey, open, seal } from './aes-gcm.ts'
import { type Credentials, passkeyCreation, type PasskeyOwner, passkeyRequest } from './passkey-options.ts'
import { shareFromSealedText, shareToHex } from './shares.ts'

const PRF_LENGTH = 32

export type PasskeyFault = 'no-webauthn' | 'dismissed' | 'no-prf' | 'malformed' | 'wrong-passkey'

const sentences: Readonly<Record<PasskeyFault, string>> = {
  'no-webauthn': 'this platform has no passkeys',
  dismissed: 'no passkey was given',
  'no-prf': 'this passkey cannot derive keys (WebAuthn PRF)',
  malformed: 'not a share that was sealed by a passkey',
  'wrong-passkey': 'the passkey does not open the share',
}

export class PasskeyError extends Error {
  readonly fault: PasskeyFault

  constructor(fault: PasskeyFault) {
    super(sentences[fault])
    this.name = 'PasskeyError'
    this.fault = fault
  }
}

export interface RecoveryPasskey {
  /** The raw id in standard base64, as the server stores it. */
  readonly credentialId: string
  /** 32 bytes that only this passkey gives: the AES-256-GCM key itself. */
  readonly prf: Secret
}

/** What the server stores of a share behind a passkey; both base64. */
export interface PasskeySealed {
  readonly encryptedData: string
  readonly iv: string
}

/** Makes a passkey and its key; asks a second time where the authenticator evaluates nothing while it creates. */
export async function createRecoveryPasskey(
  owner: PasskeyOwner,
  credentials: Credentials = platformCredentials(),
): Promise<RecoveryPasskey> {
  const made = credentialOf(await ask(() => credentials.create({ publicKey: passkeyCreation(owner) })))
  const credentialId = toBase64(made.id)
  if (made.prf) return { credentialId, prf: made.prf }
  if (!made.prfEnabled) throw new PasskeyError('no-prf')
  return { credentialId, prf: await evaluatePasskey({ rpId: owner.rpId, credentialId }, credentials) }
}

/** Asks for the passkey and derives its key. @throws PasskeyError */
export async function evaluatePasskey(
  { rpId, credentialId }: { readonly rpId: string; readonly credentialId: string },
  credentials: Credentials = platformCredentials(),
): Promise<Secret> {
  const publicKey = passkeyRequest({ rpId, credentialId: bytes(credentialId) })
  const { prf } = credentialOf(await ask(() => credentials.get({ publicKey })))
  if (!prf) throw new PasskeyError('no-prf')
  return prf
}

export async function sealWithPasskey({ prf }: Pick<RecoveryPasskey, 'prf'>, share: Secret): Promise<PasskeySealed> {
  const { ciphertext, iv } = await seal(await importAesKey(prf), new Secret(shareToHex(share)))
  return { encryptedData: toBase64(ciphertext), iv: toBase64(iv) }
}

/** Asks for the passkey and opens what it sealed. @throws PasskeyError */
export async function openWithPasskey(
  sealed: PasskeySealed,
  passkey: { readonly rpId: string; readonly credentialId: string },
  credentials: Credentials = platformCredentials(),
): Promise<Secret> {
  const parts = { ciphertext: bytes(sealed.encryptedData), iv: bytes(sealed.iv) }
  const plain = await open(await importAesKey(await evaluatePasskey(passkey, credentials)), parts)
  if (!plain) throw new PasskeyError('wrong-passkey')
  return shareFromSealedText(plain)
}

function platformCredentials(): Credentials {
  const { navigator } = globalThis as { navigator?: { credentials?: Credentials } }
  if (!navigator?.credentials) throw new PasskeyError('no-webauthn')
  return navigator.credentials
}

// People close the dialogue: to a caller that is an answer, like a platform that finds no passkey.
async function ask(question: () => Promise<unknown>): Promise<unknown> {
  try {
    return await question()
  } catch (error) {
    if ((error as { name?: unknown } | null)?.name === 'NotAllowedError') throw new PasskeyError('dismissed')
    throw error
  }
}

interface PublicKeyCredential {
  readonly rawId: ArrayBuffer
  getClientExtensionResults(): { prf?: { enabled?: boolean; results?: { first?: ArrayBuffer | Uint8Array } } }
}

function credentialOf(answer: unknown) {
  if (typeof answer !== 'object' || answer === null || !('rawId' in answer)) throw new PasskeyError('dismissed')
  const credential = answer as PublicKeyCredential
  const { prf } = credential.getClientExtensionResults()
  const output = prf?.results?.first && Uint8Array.from(new Uint8Array(prf.results.first))
  if (output && output.length !== PRF_LENGTH) throw new PasskeyError('no-prf')
  return {
    id: new Uint8Array(credential.rawId),
    prf: output && new Secret(output),
    prfEnabled: prf?.enabled === true,
  }
}

function bytes(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw new PasskeyError('malformed')
  }
}
