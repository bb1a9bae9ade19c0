import { encodeAssertion, type SignatureOf } from '@strongroom/chains'
import { equalBytes, fromBase64url, fromHex, verifyP256 } from '@strongroom/crypto'
import { type PasskeyRules, verifyPasskey } from '@strongroom/proofs'
import type { KeyRow } from '../accounts/key-row.ts'
import { keyBytes, pointOf } from '../public-key.ts'
import type { SignatureBy } from './contract.ts'

export interface Signing {
  /** What a device signs with SHA-256. */
  readonly message: Uint8Array
  /** Whose signatures count. */
  readonly keys: readonly KeyRow[]
  readonly passkeys: PasskeyRules | undefined
}

export interface UserSignature {
  readonly key: KeyRow
  readonly signature: SignatureOf
}

/** A signature by one of these keys over the message; `undefined` where it is none. */
export async function readSignature(by: SignatureBy, signing: Signing): Promise<UserSignature | undefined> {
  const publicKey = keyBytes(by.publicKey)
  const key = signing.keys.find((one) => equalBytes(one.publicKey, publicKey))
  if (!key || (key.kind === 'passkey') !== 'passKey' in by) return undefined
  return 'passKey' in by ? byPasskey(by.passKey, key, signing) : byDevice(by.signature, key, signing)
}

function byDevice(text: string, key: KeyRow, { message }: Signing): UserSignature | undefined {
  const { publicKey } = key
  const signature = fromHex(text)
  if (!verifyP256({ message, signature, publicKey: pointOf(publicKey) })) return undefined
  return { key, signature: { publicKey, scheme: 'p256-sha256', signature } }
}

/** Its count is left to sign-ins: what is signed here the chain takes once, and it may be sent to us again. */
async function byPasskey(
  assertion: Extract<SignatureBy, { passKey: unknown }>['passKey'],
  key: KeyRow,
  { message, passkeys }: Signing,
): Promise<UserSignature | undefined> {
  const { publicKey } = key
  if (!passkeys || message.length !== 32) return undefined
  const answered = await verifyPasskey(passkeys, {
    assertion,
    challenge: message,
    passkey: { publicKey, signCount: 0 },
  })
  if (!answered) return undefined
  const signature = encodeAssertion({
    authenticatorData: fromBase64url(assertion.authenticatorData),
    clientDataJSON: fromBase64url(assertion.clientDataJSON),
    signature: fromBase64url(assertion.signature),
  })
  return { key, signature: { publicKey, scheme: 'webauthn', signature } }
}
