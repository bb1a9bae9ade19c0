import type { webcrypto } from 'node:crypto'

/** What callers hold of a key: what it is and may do, and nothing by which to reach it on the token. */
export class TokenCryptoKey implements webcrypto.CryptoKey {
  readonly type: webcrypto.KeyType
  readonly algorithm: webcrypto.KeyAlgorithm
  readonly usages: webcrypto.KeyUsage[]
  /** True of public keys alone. */
  readonly extractable: boolean

  constructor({ type, algorithm, usages }: Pick<webcrypto.CryptoKey, 'type' | 'algorithm' | 'usages'>) {
    this.type = type
    this.algorithm = Object.freeze({ ...algorithm })
    this.usages = Object.freeze([...usages]) as webcrypto.KeyUsage[]
    this.extractable = type === 'public'
    Object.freeze(this)
  }

  get [Symbol.toStringTag](): string {
    return 'CryptoKey'
  }
}
