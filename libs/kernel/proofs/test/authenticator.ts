import { p256 } from '@noble/curves/nist.js'
import { systemRandom, sha256, toBase64url, toUtf8 } from '@strongroom/crypto'
import type { Passkey, PasskeyRules } from '../src/passkey.ts'
import type { PasskeyAssertion, PasskeyRegistration } from '../src/passkey-shapes.ts'

export const rules: PasskeyRules = { rpId: 'wallet.example.com', origins: ['https://wallet.example.com'] }

/** Flags of authenticator data: WebAuthn Level 3, section 6.1. */
export const [UP, UV, BE, BS, AT] = [0x01, 0x04, 0x08, 0x10, 0x40]

/** What a test has an authenticator say; usually what is right. */
export interface Saying {
  readonly type?: string
  readonly challenge?: string
  readonly origin?: string
  readonly more?: Readonly<Record<string, unknown>>
  readonly rpId?: string
  readonly flags?: number
  readonly signCount?: number
  readonly id?: string
}

export interface MakingSaying extends Saying {
  readonly fmt?: string
  readonly attStmt?: Uint8Array
  readonly coseKey?: Uint8Array
}

export interface Authenticator {
  readonly passkey: Passkey & { readonly credentialId: string }
  readonly assert: (challenge: Uint8Array, saying?: Saying) => PasskeyAssertion
  readonly register: (challenge: Uint8Array, saying?: MakingSaying) => PasskeyRegistration
}

/** A passkey in memory. */
export function authenticator(): Authenticator {
  const secretKey = p256.utils.randomSecretKey()
  const publicKey = p256.getPublicKey(secretKey, false).subarray(1)
  const credentialId = toBase64url(systemRandom(16))
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)]
  const cose = Uint8Array.of(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20, ...x, 0x22, 0x58, 0x20, ...y)
  return {
    passkey: { publicKey, credentialId, signCount: 0 },
    assert(challenge, saying = {}) {
      const client = clientData('webauthn.get', challenge, saying)
      const data = headOf(saying, UP | UV)
      const signed = Uint8Array.of(...data, ...sha256(client))
      return {
        credentialId: saying.id ?? credentialId,
        authenticatorData: toBase64url(data),
        clientDataJSON: toBase64url(client),
        signature: toBase64url(p256.sign(signed, secretKey, { format: 'der' })),
      }
    },
    register(challenge, saying = {}) {
      const { fmt = 'none', attStmt = Uint8Array.of(0xa0), coseKey = cose } = saying
      const id = Buffer.from(saying.id ?? credentialId, 'base64url')
      const attested = [...new Uint8Array(16), id.length >> 8, id.length & 0xff, ...id, ...coseKey]
      const data = Uint8Array.of(...headOf(saying, UP | UV | AT), ...attested)
      const object = [0xa3, ...text('fmt'), ...text(fmt), ...text('attStmt'), ...attStmt, ...text('authData')]
      return {
        credentialId,
        attestationObject: toBase64url(Uint8Array.of(...object, 0x59, data.length >> 8, data.length & 0xff, ...data)),
        clientDataJSON: toBase64url(clientData('webauthn.create', challenge, saying)),
      }
    },
  }
}

/** A short text in CBOR (RFC 8949). */
const text = (value: string): number[] => [0x60 + value.length, ...toUtf8(value)]

function clientData(usual: string, challenge: Uint8Array, saying: Saying): Uint8Array {
  const { type = usual, challenge: said = toBase64url(challenge), origin = rules.origins[0], more = {} } = saying
  return toUtf8(JSON.stringify({ type, challenge: said, origin, crossOrigin: false, ...more }))
}

function headOf({ rpId = rules.rpId, flags, signCount = 0 }: Saying, usual: number): Uint8Array {
  const head = new Uint8Array(37)
  head.set(sha256(toUtf8(rpId)))
  const view = new DataView(head.buffer)
  view.setUint8(32, flags ?? usual)
  view.setUint32(33, signCount)
  return head
}
