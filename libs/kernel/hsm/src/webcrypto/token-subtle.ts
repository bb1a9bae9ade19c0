import { type webcrypto, verify } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import type { Crypto, CryptoKey as LibraryKey } from 'node-webcrypto-p11'
import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import { blamesDevice, toDeviceError } from '../pkcs11/device-error.ts'
import {
  aesGcm,
  assertUse,
  copyOf,
  es256,
  gcmParameters,
  type Kind,
  kindToGenerate,
  notSupported,
} from './algorithms.ts'
import { closedTemplates } from './closed-templates.ts'
import { exportPublicKey } from './export-public-key.ts'
import { OtherIv } from './guarded-binding.ts'
import { type KeyEntry, type KeyLedger, publicKeyOf } from './key-ledger.ts'
import { settleKey } from './settled-key.ts'
import type { TokenEpochs } from './token-epochs.ts'

interface Options {
  readonly epochs: TokenEpochs
  readonly ledger: KeyLedger
  readonly mechanismLists: 'honoured' | 'ignored'
}

type Algorithm = webcrypto.AlgorithmIdentifier
type Bytes = NodeJS.BufferSource

/** The part of `SubtleCrypto` that the view has; what it lacks rejects as WebCrypto says (NotSupportedError). */
export class TokenSubtle {
  readonly #epochs: TokenEpochs
  readonly #ledger: KeyLedger
  readonly #mechanismLists: Options['mechanismLists']
  readonly importKey = lacking('importKey')
  readonly wrapKey = lacking('wrapKey')
  readonly unwrapKey = lacking('unwrapKey')
  readonly deriveKey = lacking('deriveKey')
  readonly deriveBits = lacking('deriveBits')

  constructor({ epochs, ledger, mechanismLists }: Options) {
    this.#epochs = epochs
    this.#ledger = ledger
    this.#mechanismLists = mechanismLists
  }

  async generateKey(
    algorithm: Algorithm,
    extractable: unknown,
    usages: readonly webcrypto.KeyUsage[],
  ): Promise<webcrypto.CryptoKey | webcrypto.CryptoKeyPair> {
    const kind = kindToGenerate(algorithm)
    if (extractable !== false) throw notSupported('keys never leave the token: extractable is false')
    const granted = kind.usages.filter((use) => usages.includes(use))
    if (granted.length === 0) throw new DOMException('the key would be of no use', 'SyntaxError')
    const { maker, generation } = this.#epochs.current()
    return maker.use(async ({ value: { crypto } }) => {
      crypto.templateBuilder = closedTemplates(this.#mechanismLists === 'honoured' ? kind.mechanisms : undefined)
      const made = await this.#asked(() => crypto.subtle.generateKey(kind.generation, false, [...kind.usages]))
      if (!isPair(made)) {
        return this.#ledger.enter(
          kind,
          { type: 'secret', usages: granted },
          { generation, object: settleKey(made as LibraryKey) },
        )
      }
      const publicKey = publicKeyOf(await crypto.subtle.exportKey('spki', asStandard(made.publicKey)))
      made.publicKey.p11Object.destroy()
      return this.#pair(publicKey, { generation, object: settleKey(made.privateKey) })
    })
  }

  async sign(algorithm: Algorithm, key: webcrypto.CryptoKey, data: Bytes): Promise<ArrayBuffer> {
    const [entry, message] = [this.#ledger.find(key, 'sign'), copyOf(data)]
    assertUse(algorithm, entry.kind)
    return this.#sign(entry, message)
  }

  async verify(...asked: Parameters<webcrypto.SubtleCrypto['verify']>): Promise<boolean> {
    const [algorithm, key, signature, data] = asked
    const entry = this.#ledger.find(key, 'verify')
    assertUse(algorithm, entry.kind)
    const [given, message] = [copyOf(signature), copyOf(data)]
    if (entry.publicKey !== undefined) return isSignature(entry, message, given)
    return equalBytes(new Uint8Array(await this.#sign(entry, message)), given)
  }

  async encrypt(algorithm: Algorithm, key: webcrypto.CryptoKey, data: Bytes): Promise<ArrayBuffer> {
    const [entry, plaintext] = [this.#ledger.find(key, 'encrypt'), copyOf(data)]
    assertUse(algorithm, entry.kind)
    const parameters = gcmParameters(algorithm)
    return this.#compute(entry, (crypto, object) => crypto.subtle.encrypt(parameters, object, plaintext))
  }

  async decrypt(algorithm: Algorithm, key: webcrypto.CryptoKey, data: Bytes): Promise<ArrayBuffer> {
    const [entry, ciphertext] = [this.#ledger.find(key, 'decrypt'), copyOf(data)]
    assertUse(algorithm, entry.kind)
    const parameters = gcmParameters(algorithm)
    return this.#compute(entry, (crypto, object) => crypto.subtle.decrypt(parameters, object, ciphertext))
  }

  async exportKey(format: string, key: webcrypto.CryptoKey): Promise<ArrayBuffer | webcrypto.JsonWebKey> {
    const { publicKey } = this.#ledger.find(key)
    if (key.type !== 'public' || publicKey === undefined) {
      throw new DOMException('keys never leave the token', 'InvalidAccessError')
    }
    return exportPublicKey(format, publicKey)
  }

  /** Both halves of a signing key. The public one is no object of the token. */
  enterPair(publicKey: NonNullable<KeyEntry['publicKey']>, entry: Omit<KeyEntry, 'kind'>): webcrypto.CryptoKeyPair {
    return this.#pair(publicKey, entry)
  }

  #pair(publicKey: NonNullable<KeyEntry['publicKey']>, entry: Omit<KeyEntry, 'kind'>): webcrypto.CryptoKeyPair {
    const { generation } = entry
    return {
      privateKey: this.#ledger.enter(es256, { type: 'private', usages: ['sign'] }, { ...entry, publicKey }),
      publicKey: this.#ledger.enter(es256, { type: 'public', usages: ['verify'] }, { generation, publicKey }),
    }
  }

  async #sign(entry: KeyEntry, message: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
    const parameters = { name: entry.kind.name, hash: { name: 'SHA-256' } }
    const signature = await this.#compute(entry, (crypto, object) => crypto.subtle.sign(parameters, object, message))
    // A faulty ECDSA signature can give the private key away.
    if (entry.publicKey !== undefined && !isSignature(entry, message, new Uint8Array(signature))) {
      throw new HsmUnavailable('a signature that does not verify')
    }
    return signature
  }

  /** A session that failed is not used again. Throws `HsmUnavailable`, or `DOMException` for what only the data can be. */
  async #compute(
    entry: KeyEntry,
    work: (crypto: Crypto, object: webcrypto.CryptoKey) => Promise<ArrayBuffer>,
  ): Promise<ArrayBuffer> {
    const { workers, generation } = this.#epochs.current()
    const { object } = entry
    if (object === undefined || entry.generation !== generation) {
      throw new HsmRefusal('key-missing', 'the key went with the session that held it: make, or look up, another')
    }
    return workers.use(async ({ value, discard }) => {
      try {
        return await work(value.crypto, asStandard(object))
      } catch (error) {
        discard()
        throw this.#judge(error, entry.kind)
      }
    })
  }

  #judge(error: unknown, kind: Kind): Error {
    if (error instanceof OtherIv) return notSupported('the token draws its own IVs: seal by the keystore')
    const failure = toDeviceError(error, kind.name)
    if (kind !== aesGcm || blamesDevice(failure)) return new HsmUnavailable(failure.message)
    return new DOMException('the token refused the data', 'OperationError')
  }

  async #asked<T>(make: () => Promise<T>): Promise<T> {
    try {
      return await make()
    } catch (error) {
      throw new HsmUnavailable(toDeviceError(error, 'C_GenerateKey').message)
    }
  }
}

const lacking = (method: string) => (): Promise<never> =>
  Promise.reject(notSupported(`${method}: keys neither enter nor leave the token`))

const isSignature = ({ publicKey }: KeyEntry, message: Uint8Array, signature: Uint8Array): boolean =>
  publicKey !== undefined && verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)

/** The library declares its keys by names that Node does not have. */
const asStandard = (key: LibraryKey): webcrypto.CryptoKey => key as unknown as webcrypto.CryptoKey

const isPair = (made: unknown): made is { privateKey: LibraryKey; publicKey: LibraryKey } =>
  typeof made === 'object' && made !== null && 'privateKey' in made
