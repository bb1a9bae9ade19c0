import { createHash } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Signer, SignatureOf } from '../src/chain.ts'
import { encodeAssertion } from '../src/evm/assertion.ts'
import { addressOfKey, type GasKey } from '../src/relay/gas-key.ts'
import type { GasKeys } from '../src/relay/relayer.ts'

const sha256 = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export interface SigningKey {
  readonly signer: Signer
  sign(message: Uint8Array): SignatureOf
}

/** A device, a server or a recovery key. `high` gives the higher s, as phones do half of the time. */
export function deviceKey({ weight = 500, s = 'low' }: { weight?: number; s?: 'low' | 'high' } = {}): SigningKey {
  const secret = p256.utils.randomSecretKey()
  const publicKey = p256.getPublicKey(secret, false).subarray(1)
  const signer: Signer = { publicKey, scheme: 'p256-sha256', weight }
  return {
    signer,
    sign(message) {
      const low = p256.sign(sha256(message), secret, { prehash: false, lowS: true })
      return { publicKey, scheme: 'p256-sha256', signature: s === 'low' ? low : raised(low) }
    },
  }
}

function raised(signature: Uint8Array): Uint8Array {
  const high = p256.Point.CURVE().n - BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  return Uint8Array.from([...signature.subarray(0, 32), ...Buffer.from(high.toString(16).padStart(64, '0'), 'hex')])
}

/** A passkey, as an authenticator would answer. */
export function passkey({ weight = 500, flags = 0x1d }: { weight?: number; flags?: number } = {}): SigningKey {
  const secret = p256.utils.randomSecretKey()
  const publicKey = p256.getPublicKey(secret, false).subarray(1)
  const signer: Signer = { publicKey, scheme: 'webauthn', weight }
  return {
    signer,
    sign(message) {
      const challenge = Buffer.from(message).toString('base64url')
      const client = { type: 'webauthn.get', challenge, origin: 'https://wallet.example', crossOrigin: false }
      const clientDataJSON = Buffer.from(JSON.stringify(client))
      const authenticatorData = Uint8Array.from([...sha256('wallet.example'), flags, 0, 0, 0, 7])
      const digest = sha256(authenticatorData, sha256(clientDataJSON))
      const signature = p256.sign(digest, secret, { prehash: false, lowS: false, format: 'der' })
      return {
        publicKey,
        scheme: 'webauthn',
        signature: encodeAssertion({ authenticatorData, clientDataJSON, signature }),
      }
    },
  }
}

/** A key that pays, in this process. */
export function gasKey(secret: Uint8Array = secp256k1.utils.randomSecretKey()) {
  const publicKey = secp256k1.getPublicKey(secret, false)
  const key: GasKey = {
    // As of a token: no signature comes twice.
    sign: async (digest) => secp256k1.sign(digest, secret, { prehash: false, lowS: true, extraEntropy: true }),
  }
  return { key, publicKey, address: addressOfKey(publicKey), secret }
}

/** Keys in this process, by their envelopes. */
export function gasKeysHere(): GasKeys & { readonly signed: { count: number } } {
  const signed = { count: 0 }
  return {
    signed,
    issue: async () => {
      const { publicKey, secret } = gasKey()
      return { publicKey, envelope: secret }
    },
    of: ({ envelope }) => {
      const { key } = gasKey(envelope)
      return {
        sign: async (digest) => {
          signed.count++
          return key.sign(digest)
        },
      }
    },
  }
}
