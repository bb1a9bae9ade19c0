import { equalBytes } from '@strongroom/crypto'
import { Breaker, type HsmLog } from '../breaker.ts'
import { HsmRefusal, HsmUnavailable, Unsupported } from '../errors.ts'
import type { Executor } from '../executor.ts'
import type { Recipient } from '../envelope/envelope.ts'
import type { KeystoreDescription, TokenDescription, TokenStanding } from '../keystore.ts'
import type { OperationName, RequestOf, ResultOf } from '../operations/index.ts'
import type { SealKeyName } from '../operations/recipients.ts'
import { isSameName } from './same-name.ts'

export interface MemberOptions {
  readonly label: string
  /** Logs in and checks every key. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
  readonly open: () => Promise<Executor>
  /** Throws `HsmRefusal` where it must not stand beside the others. */
  readonly accept: (token: TokenDescription) => void
  readonly log: HsmLog
  readonly random: () => number
}

/**
 * One token among several. Away at start, it is tried again until it joins; away later, its executor heals it. What it
 * knows of its keys' names stays known, so that nobody need ask it whether it has a recipient.
 */
export class Member {
  readonly label: string
  readonly #options: MemberOptions
  /** Of joining alone. */
  readonly #breaker: Breaker
  #executor: Executor | undefined
  #sealKeys: readonly SealKeyName[] | undefined
  #calls = 0
  #isRefused = false
  #isClosed = false

  constructor(options: MemberOptions) {
    this.label = options.label
    this.#options = options
    this.#breaker = new Breaker({ recover: () => this.#tryToJoin(), log: options.log, random: options.random })
  }

  /** Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
  async join(): Promise<void> {
    const executor = await this.#options.open()
    try {
      const sealKeys = await executor.run('sealKeys', {})
      if (this.#isClosed) throw new HsmUnavailable('closed')
      this.#options.accept(executor.describe())
      this.#sealKeys = sealKeys
      this.#executor = executor
    } catch (error) {
      await executor.close()
      throw error
    }
  }

  /** After `join` found it away. */
  keepTrying(reason: string): void {
    this.#breaker.open(reason)
  }

  get isHealthy(): boolean {
    try {
      this.assertAvailable()
      return true
    } catch {
      return false
    }
  }

  /** How much it has to do. */
  get calls(): number {
    return this.#calls
  }

  /** By which what is sealed now is sealed; `undefined` before it has joined, or without a seal key. */
  get sealKey(): SealKeyName | undefined {
    return this.#sealKeys?.[0]
  }

  /** Whether a seal key of that id is its own: `unknown` before it has joined. */
  hasKey(id: Uint8Array): 'yes' | 'no' | 'unknown' {
    if (this.#sealKeys === undefined) return 'unknown'
    return this.#sealKeys.some(({ keyId }) => equalBytes(keyId, id)) ? 'yes' : 'no'
  }

  /** The same of all that names a key. */
  has(recipient: Recipient): 'yes' | 'no' | 'unknown' {
    if (this.#sealKeys === undefined) return 'unknown'
    return this.#sealKeys.some((key) => isSameName(key, recipient)) ? 'yes' : 'no'
  }

  /** Without a device call. Throws `HsmUnavailable`. */
  assertAvailable(): void {
    this.#joined().assertAvailable()
  }

  async run<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResultOf<Name>> {
    const executor = this.#joined()
    this.#calls++
    try {
      return await executor.run(name, request)
    } finally {
      this.#calls--
    }
  }

  async check(): Promise<void> {
    await this.#joined().check()
  }

  get standing(): TokenStanding {
    const state = this.#isRefused ? 'refused' : this.isHealthy ? 'healthy' : 'away'
    if (this.#executor === undefined) return { label: this.label, state }
    const { label, manufacturer, model, serial, software } = this.#executor.describe()
    return { label, state, description: { label, manufacturer, model, serial, software } }
  }

  get hasJoined(): boolean {
    return this.#executor !== undefined
  }

  /** Throws `HsmUnavailable` before it has joined. */
  describe(): KeystoreDescription {
    return this.#joined().describe()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#breaker.stop('closed')
    await this.#executor?.close()
  }

  #joined(): Executor {
    if (this.#executor !== undefined) return this.#executor
    throw new HsmUnavailable(
      `the token "${this.label}" was not there yet: ${this.#breaker.reason}`,
      this.#breaker.retryAfterSeconds,
    )
  }

  /** What is refused is not tried again: it could cost a PIN try each time, and only an operator can mend it. */
  async #tryToJoin(): Promise<void> {
    try {
      await this.join()
    } catch (error) {
      if (isAway(error)) throw error
      this.#isRefused = error instanceof HsmRefusal || error instanceof Unsupported
      if (!this.#isRefused) throw error
      this.#breaker.stop((error as Error).message)
      this.#options.log('hsm-refused', (error as Error).message)
    }
  }
}

/** A token that is not there is an outage where others are. */
export const isAway = (error: unknown): error is HsmUnavailable | HsmRefusal =>
  error instanceof HsmUnavailable || (error instanceof HsmRefusal && error.reason === 'token-absent')
