import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { CryptoKey as LibraryKey } from 'node-webcrypto-p11'
import type { Kind } from './algorithms.ts'
import { TokenCryptoKey } from './token-crypto-key.ts'

/** What stands behind a key that a caller holds. */
export interface KeyEntry {
  readonly kind: Kind
  /** Of the initialisation in which the handle was given out; after another it may be anybody's. */
  readonly generation: number
  readonly object?: LibraryKey
  /** Of a pair, for both halves. */
  readonly publicKey?: KeyObject
}

/** The one way from what callers hold to the token. Objects of keys that nobody holds any more are destroyed. */
export class KeyLedger {
  readonly #entries = new WeakMap<object, KeyEntry>()
  readonly #forgotten: FinalizationRegistry<KeyEntry>

  constructor(destroy: (entry: KeyEntry) => void) {
    this.#forgotten = new FinalizationRegistry(destroy)
  }

  enter(kind: Kind, key: Pick<webcrypto.CryptoKey, 'type' | 'usages'>, entry: Omit<KeyEntry, 'kind'>): TokenCryptoKey {
    const made = new TokenCryptoKey({ ...key, algorithm: kind.generation })
    this.#entries.set(made, { kind, ...entry })
    if (entry.object !== undefined) this.#forgotten.register(made, { kind, ...entry }, made)
    return made
  }

  /** Throws `DOMException` for a key of others, and for a use that the key was not made for. */
  find(key: webcrypto.CryptoKey, use?: webcrypto.KeyUsage): KeyEntry {
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new DOMException('the key is not of this token', 'InvalidAccessError')
    if (use !== undefined && !key.usages.includes(use)) {
      throw new DOMException(`the key was not made to ${use}`, 'InvalidAccessError')
    }
    return entry
  }

  /** After it the key is nobody's. */
  remove(key: webcrypto.CryptoKey): KeyEntry {
    const entry = this.find(key)
    this.#entries.delete(key)
    this.#forgotten.unregister(key)
    return entry
  }
}

export const publicKeyOf = (spki: ArrayBuffer): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
