import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Unopenable } from '../errors.ts'

export const DATA_KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
export const DATA_KEY_OVERHEAD = IV_BYTES + TAG_BYTES

/** AES-256-GCM in this process under a key that serves one value: IV, ciphertext, tag. */
export function encryptBody(
  key: Uint8Array,
  { plaintext, associated }: { plaintext: Uint8Array; associated: Uint8Array },
): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associated)
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Throws `Unopenable`. */
export function decryptBody(
  key: Uint8Array,
  { body, associated }: { body: Uint8Array; associated: Uint8Array },
): Uint8Array {
  if (key.length !== DATA_KEY_BYTES || body.length < DATA_KEY_OVERHEAD) throw new Unopenable()
  const end = body.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(associated).setAuthTag(body.subarray(end))
  const plaintext = decipher.update(body.subarray(IV_BYTES, end))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw new Unopenable()
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length)
}
