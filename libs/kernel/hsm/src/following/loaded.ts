import { toHex } from '@strongroom/crypto'
import { readKeyIds } from '../envelope/key-ids.ts'
import { lockVersionIn } from '../envelope/lock-version.ts'
import { Unopenable } from '../errors.ts'
import type { KeyRecord, Keystore } from '../keystore.ts'
import { LOCK_USE } from '../operations/mac.ts'

/** The recorded keys as they were when they were read, all at one moment. */
export interface KeyRecords {
  /** Another one after every change of keys. */
  readonly generation: number
  readonly keys: readonly KeyRecord[]
}

/** A keystore on the keys of one generation. It is closed when nobody needs it any more, and not before. */
export class Loaded {
  readonly generation: number
  readonly keystore: Keystore
  readonly #ids: ReadonlySet<string>
  readonly #lockVersions: ReadonlySet<number>
  #calls = 0
  #isLeft = false
  readonly #idle = Promise.withResolvers<void>()

  constructor({ generation, keys }: KeyRecords, keystore: Keystore) {
    this.generation = generation
    this.keystore = keystore
    const locks = keys.filter(({ job, use }) => job === 'mac' && use === LOCK_USE)
    this.#lockVersions = new Set(locks.map(({ version }) => version))
    this.#ids = new Set(keys.flatMap(({ keyId }) => (keyId === undefined ? [] : [toHex(keyId)])))
  }

  async run<T>(body: (keystore: Keystore) => Promise<T>): Promise<T> {
    this.#calls++
    try {
      return await body(this.keystore)
    } finally {
      this.#calls--
      if (this.#isLeft && this.#calls === 0) this.#idle.resolve()
    }
  }

  /** Whether every key that the envelope names is loaded; of what is no envelope there is nothing to learn. */
  knows(envelope: Uint8Array): boolean {
    try {
      const version = lockVersionIn(envelope)
      return (
        readKeyIds(envelope).every((id) => this.#ids.has(toHex(id))) &&
        (version === undefined || this.#lockVersions.has(version))
      )
    } catch (error) {
      if (error instanceof Unopenable) return true
      throw error
    }
  }

  /** After its last call; nobody begins another. */
  async leave(): Promise<void> {
    this.#isLeft = true
    if (this.#calls > 0) await this.#idle.promise
    await this.keystore.close()
  }

  /** With calls or without. */
  async close(): Promise<void> {
    this.#idle.resolve()
    await this.keystore.close()
  }
}
