import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import type { Attributes } from '../pkcs11/template.ts'
import type { Handle, Session } from '../pkcs11/session.ts'

type Use = 'encrypt' | 'decrypt' | 'wrap' | 'unwrap'

export const aesSessionKey: Attributes = { class: CKO.secretKey, keyType: CKK.aes, token: false, private: true }

/** HMAC keys alone: one job, as on the token. */
export const macSessionKey: Attributes = {
  class: CKO.secretKey,
  keyType: CKK.genericSecret,
  token: false,
  private: true,
  sensitive: true,
  extractable: false,
  sign: true,
  verify: true,
}

/** For `unwrap`: the value may be read, as the answer to a caller who proved the right to it. */
export const readableKey: Attributes = { ...aesSessionKey, sensitive: false, extractable: true }

/** For `unwrap` and then `wrap` again: the value never leaves the token in the clear. */
export const rewrappableKey: Attributes = { ...aesSessionKey, sensitive: true, extractable: true }

/** A fresh AES-256 key that can be wrapped and nothing else. */
export const generateWrappableKey = (session: Session): Handle =>
  session.generateKey(CKM.aesKeyGen, { ...rewrappableKey, valueLength: 32, encrypt: false, decrypt: false })

interface Import {
  readonly value: Uint8Array
  readonly uses: readonly Use[]
  readonly extractable?: 'extractable'
}

/** A session key of known value; gone with the session at the latest. */
export const importAesKey = (session: Session, { value, uses, extractable }: Import): Handle =>
  session.createObject({
    ...aesSessionKey,
    value,
    sensitive: true,
    extractable: extractable === 'extractable',
    encrypt: uses.includes('encrypt'),
    decrypt: uses.includes('decrypt'),
    wrap: uses.includes('wrap'),
    unwrap: uses.includes('unwrap'),
  })

export const importMacKey = (session: Session, value: Uint8Array): Handle =>
  session.createObject({ ...macSessionKey, value })

/**
 * Runs `body` and destroys every object that it handed to `own`, whatever happened. A failure to destroy is thrown
 * only where the body succeeded: the first error is the one that explains.
 */
export function useAndDestroy<T>(session: Session, body: (own: (object: Handle) => Handle) => T): T {
  const owned: Handle[] = []
  const own = (object: Handle): Handle => {
    owned.push(object)
    return object
  }
  let result: T
  try {
    result = body(own)
  } catch (error) {
    for (const object of owned) destroyQuietly(session, object)
    throw error
  }
  for (const object of owned) session.destroyObject(object)
  return result
}

function destroyQuietly(session: Session, object: Handle): void {
  try {
    session.destroyObject(object)
  } catch {
    // The session is discarded after the first error, and its objects with it.
  }
}
