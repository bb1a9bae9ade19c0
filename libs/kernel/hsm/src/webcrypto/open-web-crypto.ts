import type { webcrypto } from 'node:crypto'
import { connect, sourceOf, type TokenConnection } from '../connect.ts'
import { toPublicKey } from '../keys/public-point.ts'
import type { KeyRecord } from '../keystore.ts'
import { latchIfRefused } from '../log-in.ts'
import { acquireModule } from '../pkcs11/module-registry.ts'
import { type KeyEntry, KeyLedger } from './key-ledger.ts'
import { settleKey } from './settled-key.ts'
import { TokenEpochs } from './token-epochs.ts'
import { TokenSubtle } from './token-subtle.ts'

export interface WebCryptoOptions extends TokenConnection {
  /** The app's recorded signing keys, for `signingKey`. */
  readonly keys?: readonly KeyRecord[]
  /** How many operations run at once; 4 by default, as many as Node's thread pool has threads. */
  readonly sessions?: number
}

export type TokenSubtleCrypto = Pick<
  webcrypto.SubtleCrypto,
  'decrypt' | 'encrypt' | 'exportKey' | 'generateKey' | 'sign' | 'verify'
>

/** A token as WebCrypto sees it, for code that speaks that language. */
export interface TokenWebCrypto {
  /**
   * ES256, AES-256-GCM and HMAC-SHA-256. Keys that it makes live in the token until they are destroyed, nobody holds them any
   * more, or this is closed. Rejects with `DOMException` as WebCrypto does, and with `HsmUnavailable`.
   */
  readonly subtle: TokenSubtleCrypto
  /** The recorded signing key of that use: ask again after `HsmRefusal` (`key-missing`), the module began anew then. */
  signingKey(use: string): Promise<webcrypto.CryptoKeyPair>
  /** Of all recorded versions of that signing key, the one that signs first: uncompressed SEC 1 points. Throws `HsmRefusal` where there is none. */
  publicKeys(use: string): readonly Uint8Array[]
  destroy(...keys: readonly webcrypto.CryptoKey[]): void
  close(): Promise<void>
}

/** Logs in once, with the care of every keystore. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
export async function openWebCrypto({
  keys = [],
  sessions = 4,
  ...connection
}: WebCryptoOptions): Promise<TokenWebCrypto> {
  const link = await connect(connection, keys)
  const module = acquireModule(sourceOf(connection))
  const onRefusedPin = async (error: unknown) => {
    try {
      await latchIfRefused(error, connection)
    } catch {
      // What cannot be latched is tried once more by the next start.
    }
  }
  const epochs = new TokenEpochs({ link, module, sessions, onRefusedPin })
  const destroy = ({ object, generation }: KeyEntry) => {
    if (object === undefined || object.algorithm.token || generation !== epochs.generation) return
    try {
      object.p11Object.destroy()
    } catch {
      // It went with its session.
    }
  }
  const ledger = new KeyLedger(destroy)
  const subtle = new TokenSubtle({ epochs, ledger, mechanismLists: link.proved.mechanismLists })
  return {
    subtle: subtle as unknown as TokenSubtleCrypto,
    async signingKey(use) {
      const { maker, generation } = epochs.current()
      const { own, id, publicHalf = new Uint8Array() } = link.keys.current('sign', use)
      const name = `private-${own.toString('hex')}-${Buffer.from(id).toString('hex')}`
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
      const object = await maker.use(async ({ value }) =>
        settleKey(await value.crypto.keyStorage.getItem(name, algorithm, false, ['sign'])),
      )
      return subtle.enterPair(toPublicKey(publicHalf), { generation, object })
    },
    publicKeys(use) {
      epochs.current()
      // Refused by name where the app declared none. A newer one that is published only signs nothing yet.
      const current = link.keys.current('sign', use)
      const others = link.keys.versions('sign', use).filter((key) => key !== current)
      return [current, ...others].map(({ publicHalf = new Uint8Array() }) => Uint8Array.from(publicHalf))
    },
    destroy(...held) {
      for (const key of held) destroy(ledger.remove(key))
    },
    async close() {
      epochs.close()
      link.close()
      module.release()
    },
  }
}
