import { setTimeout as delay } from 'node:timers/promises'
import type { HsmLog } from '../breaker.ts'
import { HsmUnavailable, Unopenable } from '../errors.ts'
import type { KeyRecord, Keystore } from '../keystore.ts'
import { type KeyRecords, Loaded } from './loaded.ts'

/** Where keys are recorded, and who must know which of them are loaded before one of them seals, or is destroyed. */
export interface KeySource {
  /** Says that everything here is done by the keys of that generation; answers the newest one. */
  report(generation: number): Promise<number>
  read(): Promise<KeyRecords>
  /** Nothing more comes from here. */
  leave(): Promise<void>
}

export interface FollowOptions {
  readonly source: KeySource
  /** What is loaded first; it was read after the source had heard of us. */
  readonly first: KeyRecords
  /** Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
  readonly open: (keys: readonly KeyRecord[]) => Promise<Keystore>
  readonly log: HsmLog
  readonly random: () => number
  /** 2000 by default. */
  readonly lookEveryMs?: number
  /**
   * For how long after a report nothing need be asked before something is sealed: less than the source waits until it
   * counts us as gone. 30000 by default.
   */
  readonly lastsMs?: number
  /** A process that was stopped hears of it from the first, a machine that was suspended from the second. Milliseconds. */
  readonly clocks?: readonly (() => number)[]
}

const UNKNOWN_KEY_MS = 1000
const MOST_SKIPS = 30

/** Loads the newest keys beside those that are at work, swaps, and reports when the old ones have done their last call. */
export class Follower {
  readonly #options: FollowOptions
  readonly #clocks: readonly (() => number)[]
  readonly #closed = new AbortController()
  readonly #looping: Promise<void>
  #loaded: Loaded
  /** The generation that everything is done by, and so the one to report. */
  #settled: number
  /** Those that still have calls, the newest last. */
  readonly #old = new Set<Loaded>()
  #leaving: Promise<void> = Promise.resolve()
  #looking: Promise<void> | undefined
  #reportedAt: readonly number[]
  #askedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #skips = 0

  constructor(options: FollowOptions, keystore: Keystore) {
    const { clocks = [() => performance.now(), () => Date.now()], first } = options
    this.#options = options
    this.#clocks = clocks
    this.#loaded = new Loaded(first, keystore)
    this.#settled = first.generation
    this.#reportedAt = this.#now()
    this.#looping = this.#keepLooking()
  }

  get keystore(): Keystore {
    return this.#loaded.keystore
  }

  run<T>(body: (keystore: Keystore) => Promise<T>): Promise<T> {
    return this.#loaded.run(body)
  }

  /**
   * `Unopenable` of a key that is not loaded may mean no more than that nobody has looked: it is believed after a look,
   * and where none can be taken it is an outage.
   */
  async open<T>(envelope: Uint8Array, body: (keystore: Keystore) => Promise<T>): Promise<T> {
    const used = this.#loaded
    try {
      return await used.run(body)
    } catch (error) {
      if (!(error instanceof Unopenable) || used.knows(envelope)) throw error
      await this.#lookForUnknown(used)
      if (this.#loaded === used) throw error
      return await this.run(body)
    }
  }

  /**
   * What is sealed by keys that may be gone is never given out: a process that was stopped for so long that the source
   * took it for gone looks first, and what it had sealed meanwhile is dropped.
   */
  async write<T>(body: () => Promise<T>): Promise<T> {
    if (this.#isLate) await this.#look().catch(() => undefined)
    this.#assertInTime()
    const result = await body()
    this.#assertInTime()
    return result
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    await this.#looping
    await this.#looking?.catch(() => undefined)
    await Promise.allSettled([this.#loaded, ...this.#old].map((loaded) => loaded.close()))
    await this.#leaving
    await this.#options.source.leave().catch(() => undefined)
  }

  get #isLate(): boolean {
    const { lastsMs = 30_000 } = this.#options
    return this.#now().some((time, at) => time - (this.#reportedAt[at] ?? 0) > lastsMs)
  }

  #assertInTime(): void {
    if (this.#isLate) throw new HsmUnavailable('which keys are the newest could not be asked for too long')
  }

  #now(): readonly number[] {
    return this.#clocks.map((clock) => clock())
  }

  async #keepLooking(): Promise<void> {
    const { lookEveryMs = 2000, random } = this.#options
    const { signal } = this.#closed
    while (!signal.aborted) {
      await delay(lookEveryMs * (0.75 + random() / 2), undefined, { signal, ref: false }).catch(() => undefined)
      if (!signal.aborted) await this.#look().catch(() => undefined)
    }
  }

  /** However many ask, one look is taken. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #lookOnce(): Promise<void> {
    const before = this.#now()
    const newest = await this.#options.source.report(this.#settled)
    this.#reportedAt = before
    if (newest === this.#loaded.generation) return
    if (this.#skips > 0) {
      this.#skips--
      throw new HsmUnavailable('the newest keys did not load, and are tried again later')
    }
    try {
      await this.#swap()
      this.#failures = 0
    } catch (error) {
      if (this.#failures === 0)
        this.#options.log('hsm-keys-not-loaded', error instanceof Error ? error.message : 'unknown')
      this.#failures++
      this.#skips = Math.min(2 ** this.#failures, MOST_SKIPS)
      throw error
    }
  }

  async #swap(): Promise<void> {
    const { source, open, log } = this.#options
    const records = await source.read()
    const keystore = await open(records.keys)
    if (this.#closed.signal.aborted) return keystore.close()
    const old = this.#loaded
    this.#loaded = new Loaded(records, keystore)
    this.#old.add(old)
    log('hsm-keys-loaded', `generation ${String(records.generation)}`)
    this.#leaving = this.#leaving.then(() => this.#settle(old, records.generation))
  }

  async #settle(old: Loaded, generation: number): Promise<void> {
    await old.leave().catch(() => undefined)
    this.#old.delete(old)
    if (this.#closed.signal.aborted) return
    this.#settled = generation
    await this.#options.source.report(generation).catch(() => undefined)
  }

  async #lookForUnknown(used: Loaded): Promise<void> {
    if (this.#loaded !== used) return
    const [now = 0] = this.#now()
    if (this.#looking === undefined && now - this.#askedAt < UNKNOWN_KEY_MS) return
    this.#askedAt = now
    try {
      await this.#look()
    } catch {
      throw new HsmUnavailable('a value names a key that is not loaded, and the newest keys could not be')
    }
  }
}
