import { encodeAssertion, type SignatureOf } from '@strongroom/chains'
import { equalBytes, fromBase64url, fromHex } from '@strongroom/crypto'
import { type PasskeyRules, verifyP256ByOpenSsl, verifyPasskey } from '@strongroom/proofs'
import { type KeyRow, passkeyOf } from '../accounts/key-row.ts'
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
  if (!verifyP256ByOpenSsl({ message, signature, publicKey: pointOf(publicKey) })) return undefined
  return { key, signature: { publicKey, scheme: 'p256-sha256', signature } }
}

type Assertion = Extract<SignatureBy, { passKey: unknown }>['passKey']

/** Its count is left to sign-ins: what is signed here the chain takes once, and it may be sent to us again. */
async function byPasskey(
  assertion: Assertion,
  key: KeyRow,
  { message, passkeys }: Signing,
): Promise<UserSignature | undefined> {
  const { publicKey } = key
  if (!passkeys || message.length !== 32) return undefined
  const answered = await verifyPasskey(passkeys, {
    assertion,
    challenge: message,
    passkey: { ...passkeyOf(key), signCount: 0 },
  })
  if (!answered) return undefined
  const signature = encodedAs(assertion)
  return signature && { key, signature: { publicKey, scheme: 'webauthn', signature } }
}

/** As the verifier on the chain takes it: `undefined` for client data that it could not find its way in, however true. */
function encodedAs({ authenticatorData, clientDataJSON, signature }: Assertion): Uint8Array | undefined {
  try {
    return encodeAssertion({
      authenticatorData: fromBase64url(authenticatorData),
      clientDataJSON: fromBase64url(clientDataJSON),
      signature: fromBase64url(signature),
    })
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
