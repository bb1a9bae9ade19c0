import { createCipheriv, randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { importAesKey, importMacKey, useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Mechanism } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import { type Closed, macInProcess, sealWithMac, splitTag, verifyMac } from './companion-mac.ts'
import { sealsAndOpens } from './prove-seal.ts'
import type { MacHash } from './shapes.ts'
import type { Candidate, SealStrategy } from './strategy.ts'
import { proveOnThrowAway } from './throw-away.ts'

const BLOCK_BYTES = 16
const MAC_KEY_BYTES = 64

interface Format {
  readonly name: string
  readonly hash: MacHash
}

/** A random IV, whole blocks of AES-256-CBC, the companion's HMAC over all that decides. We pad, and no token tells how well. */
const strategyOf = ({ name, hash }: Format): SealStrategy => ({
  name,
  mechanisms: [CKM.aesCbc],
  seal(session, keys, { plaintext, associated }) {
    const iv = randomBytes(BLOCK_BYTES)
    const padded = pad(plaintext)
    try {
      const ciphertext = session.encrypt(cbc(iv), keys.key, padded)
      if (ciphertext.length !== padded.length) throw new DeviceError('a ciphertext of another length', 0, 'C_Encrypt')
      const tag = sealWithMac(session, keys, { hash, closed: closedBy(name, { associated, iv, ciphertext }) })
      return Buffer.concat([iv, ciphertext, tag])
    } finally {
      padded.fill(0)
    }
  },
  open(session, keys, { sealed, associated }) {
    const { closed, tag } = splitTag(sealed, hash)
    const [iv, ciphertext] = [closed.subarray(0, BLOCK_BYTES), closed.subarray(BLOCK_BYTES)]
    verifyMac(session, keys, { hash, tag, closed: closedBy(name, { associated, iv, ciphertext }) })
    const padded = session.decrypt(cbc(iv), keys.key, ciphertext)
    try {
      return withoutPadding(padded)
    } finally {
      padded.fill(0)
    }
  },
})

interface Parts {
  readonly associated: Uint8Array
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

const closedBy = (name: string, { associated, iv, ciphertext }: Parts): Closed => [name, associated, iv, ciphertext]

const cbc = (iv: Uint8Array): Mechanism => ({ mechanism: CKM.aesCbc, parameter: viewAsBuffer(iv) })

/** PKCS #7, RFC 5652 section 6.3. */
function pad(plaintext: Uint8Array): Uint8Array {
  const count = BLOCK_BYTES - (plaintext.length % BLOCK_BYTES)
  const padded = new Uint8Array(plaintext.length + count).fill(count)
  padded.set(plaintext)
  return padded
}

/** Of what a MAC has vouched for: another padding than ours is a fault, and no oracle. */
function withoutPadding(padded: Uint8Array): Uint8Array {
  const count = padded.at(-1) ?? 0
  const isOurs = count >= 1 && count <= BLOCK_BYTES && padded.subarray(-count).every((byte) => byte === count)
  if (!isOurs || padded.length % BLOCK_BYTES !== 0) throw new Unopenable()
  return padded.slice(0, padded.length - count)
}

const candidateOf = (format: Format): Candidate<SealStrategy> => ({
  name: format.name,
  variants: () => [strategyOf(format)],
  /** Compared with node:crypto, which computes the whole of it anew. */
  proves: (bench, strategy) =>
    proveOnThrowAway(bench, strategy, () => {
      const [secret, macSecret] = [randomBytes(32), randomBytes(MAC_KEY_BYTES)]
      return useAndDestroy(bench.session, (own) => {
        const key = own(importAesKey(bench.session, { value: secret, uses: ['encrypt', 'decrypt'] }))
        const mac = own(importMacKey(bench.session, macSecret))
        const found = sealsAndOpens(bench, strategy, { key, mac })
        if (found === undefined) return false
        const { sealed, plaintext, associated } = found
        const iv = sealed.subarray(0, BLOCK_BYTES)
        const cipher = createCipheriv('aes-256-cbc', secret, iv)
        const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
        const { name, hash } = format
        const tag = macInProcess(macSecret, { hash, closed: closedBy(name, { associated, iv, ciphertext }) })
        return equalBytes(sealed, Buffer.concat([iv, ciphertext, tag]))
      })
    }),
})

export const hsmCbcHmac = candidateOf({ name: 'hsm-cbc-hmac', hash: 'sha512' })
export const hsmCbcHmacSha256 = candidateOf({ name: 'hsm-cbc-hmac-sha256', hash: 'sha256' })
