import { createCipheriv, randomBytes } from 'node:crypto'
import type { AesGCM } from 'pkcs11js'
import { equalBytes } from '@strongroom/crypto'
import { CKM, GCM_PARAMETERS_V240 } from '../pkcs11/cryptoki.ts'
import type { Mechanism } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import { importAesKey } from '../keys/session-keys.ts'
import type { Candidate, SealStrategy } from './strategy.ts'

const IV_BYTES = 12
const TAG_BYTES = 16
const IVS_DRAWN = 512

let drawn = Buffer.alloc(0)

/** Random for each message; drawn many at a time, because a draw costs more than the encryption's share of it. */
function nextIv(): Uint8Array {
  if (drawn.length === 0) drawn = randomBytes(IV_BYTES * IVS_DRAWN)
  const iv = drawn.subarray(0, IV_BYTES)
  drawn = drawn.subarray(IV_BYTES)
  return iv
}

/** AES-256-GCM in the token (NIST SP 800-38D): 12 random bytes of IV, the ciphertext, 16 bytes of tag. */
const strategy: SealStrategy = {
  name: 'hsm-gcm',
  mechanisms: [CKM.aesGcm],
  seal(session, key, { plaintext, associated }) {
    const iv = nextIv()
    const ciphertext = session.encrypt(mechanismOf(iv, associated), key, plaintext)
    return Buffer.concat([iv, ciphertext])
  },
  open(session, key, { sealed, associated }) {
    return session.decrypt(mechanismOf(sealed.subarray(0, IV_BYTES), associated), key, sealed.subarray(IV_BYTES))
  },
}

export const hsmGcm: Candidate<SealStrategy> = {
  name: strategy.name,
  variants: [strategy],
  /** Compared with node:crypto, so that a token that chooses the IV itself does not pass for this strategy. */
  proves(session) {
    const [secret, plaintext, associated] = [randomBytes(32), randomBytes(40), randomBytes(24)]
    const key = importAesKey(session, { value: secret, uses: ['encrypt', 'decrypt'] })
    try {
      const sealed = strategy.seal(session, key, { plaintext, associated })
      const expected = sealInProcess(secret, { iv: sealed.subarray(0, IV_BYTES), plaintext, associated })
      return equalBytes(sealed, expected) && equalBytes(strategy.open(session, key, { sealed, associated }), plaintext)
    } finally {
      session.destroyObject(key)
    }
  },
}

function mechanismOf(iv: Uint8Array, associated: Uint8Array): Mechanism {
  const parameter: AesGCM = {
    type: GCM_PARAMETERS_V240,
    iv: viewAsBuffer(iv),
    ivBits: IV_BYTES * 8,
    aad: viewAsBuffer(associated),
    tagBits: TAG_BYTES * 8,
  }
  return { mechanism: CKM.aesGcm, parameter }
}

function sealInProcess(
  key: Uint8Array,
  message: { iv: Uint8Array; plaintext: Uint8Array; associated: Uint8Array },
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, message.iv).setAAD(message.associated)
  return Buffer.concat([message.iv, cipher.update(message.plaintext), cipher.final(), cipher.getAuthTag()])
}
