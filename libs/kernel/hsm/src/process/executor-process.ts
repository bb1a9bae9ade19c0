import { Breaker, type HsmLog } from '../breaker.ts'
import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import type { Executor } from '../executor.ts'
import { DeviceLost } from '../judged.ts'
import type { KeystoreDescription } from '../keystore.ts'
import type { LowPinCount } from '../log-in.ts'
import type { OperationName, RequestOf, ResultOf } from '../operations/index.ts'
import { PROBE, type ProbeResult } from './protocol.ts'
import type { StartOrder } from './start-order.ts'
import { type ProcessLimits, TokenProcess } from './token-process.ts'
import { Waiters } from './waiters.ts'

export interface ProcessOptions {
  readonly order: StartOrder
  readonly limits: Omit<ProcessLimits, 'signal'>
  /** Calls that may wait for a session. */
  readonly mostWaiting: number
  /** Bytes by which the process may grow before another takes its place: modules leak. */
  readonly mostGrowth: number
  readonly probeIntervalMs: number
  readonly log: HsmLog
  readonly random: () => number
  /** Told of a PIN that the token refused after the start. */
  readonly onRefusedPin: (error: unknown) => Promise<void>
}

/**
 * Runs operations in a process of its own, in several sessions at once and each within a deadline: a token that hangs is
 * lost with the process that waits for it. Operations compare nothing and change nothing on the token, so one whose
 * answer was lost is an outage like one that never began.
 */
export class ProcessExecutor implements Executor {
  readonly #options: ProcessOptions
  readonly #breaker: Breaker
  readonly #waiters: Waiters
  readonly #clock: NodeJS.Timeout
  #process: TokenProcess | undefined
  /** The last one that served: its proofs spare the next one's, and it must have ended before that is started. */
  #last: TokenProcess | undefined
  #probing: Promise<ProbeResult> | undefined
  #restBytes: number | undefined
  #replacing: Promise<void> | undefined
  /** Settles once no start is under way. */
  #starting: Promise<unknown> = Promise.resolve()
  /** A process was lost between its login and the outcome, and none has logged in since: the token may have counted a try. */
  #isLoginInDoubt = false
  #refusedPin: HsmRefusal | undefined
  readonly #closed = new AbortController()

  /** Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
  static async open(options: ProcessOptions): Promise<ProcessExecutor> {
    const executor = new ProcessExecutor(options)
    try {
      executor.#serveFrom(await executor.#start(options.order.lowPinCount))
    } catch (error) {
      await executor.close()
      throw error
    }
    return executor
  }

  private constructor(options: ProcessOptions) {
    const { log, random, mostWaiting, limits, probeIntervalMs } = options
    this.#options = options
    this.#breaker = new Breaker({ recover: () => this.#recover(), log, random })
    this.#waiters = new Waiters({ most: mostWaiting, patienceMs: limits.callMs })
    this.#clock = setInterval(() => void this.#look(), probeIntervalMs).unref()
  }

  async run<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResultOf<Name>> {
    this.assertAvailable()
    return this.#call(name, request, 'last') as Promise<ResultOf<Name>>
  }

  assertAvailable(): void {
    this.#refuseWhileOpen()
    if (this.#waiters.isFull) throw new HsmUnavailable('every session is busy, and enough calls wait')
  }

  async check(): Promise<void> {
    await this.#probe()
  }

  describe(): KeystoreDescription {
    if (this.#last === undefined) throw new HsmUnavailable('not connected')
    return { ...this.#last.started.description, executor: 'process' }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    clearInterval(this.#clock)
    this.#breaker.stop('closed')
    this.#waiters.refuseAll('closed')
    const { callMs } = this.#options.limits
    // Nor is one left behind that was being started, or that had not ended when another took its place.
    await Promise.all([this.#process?.close(callMs), this.#starting, this.#replacing])
  }

  /** However many ask, one look is taken. It does not wait behind other calls. */
  #probe(): Promise<ProbeResult> {
    this.#probing ??= this.#call(PROBE, {}, 'first').finally(() => (this.#probing = undefined)) as Promise<ProbeResult>
    return this.#probing
  }

  async #call(name: string, request: unknown, place: 'first' | 'last'): Promise<unknown> {
    this.#refuseWhileOpen()
    const isFree = this.#waiters.isEmpty && (this.#process?.idleSessions ?? 0) > 0
    const begin = () => this.#send(name, request)
    return isFree ? begin() : this.#waiters.wait(begin, place)
  }

  async #send(name: string, request: unknown): Promise<unknown> {
    const process = this.#process
    if (process === undefined) throw new HsmUnavailable('not connected')
    try {
      return await process.call(name, request)
    } catch (error) {
      if (!(error instanceof DeviceLost)) throw error
      process.kill(error.message)
      throw new HsmUnavailable(error.message, this.#breaker.retryAfterSeconds)
    }
  }

  #beginWaiting(): void {
    while (!this.#waiters.isEmpty && (this.#process?.idleSessions ?? 0) > 0) this.#waiters.beginNext()
  }

  #refuseWhileOpen(): void {
    if (this.#breaker.isOpen) throw new HsmUnavailable(this.#breaker.reason, this.#breaker.retryAfterSeconds)
  }

  #start(lowPinCount: LowPinCount): Promise<TokenProcess> {
    const starting = this.#startOne(lowPinCount)
    this.#starting = Promise.allSettled([this.#starting, starting]).then(() => undefined)
    return starting
  }

  async #startOne(lowPinCount: LowPinCount): Promise<TokenProcess> {
    const proved = this.#last?.started.proved
    const order = { ...this.#options.order, lowPinCount, ...(proved && { proved }) }
    const { signal } = this.#closed
    let hasTried = false
    const onLogin = () => {
      hasTried = true
      this.#isLoginInDoubt = true
    }
    try {
      const process = await TokenProcess.start(
        order,
        { ...this.#options.limits, signal },
        {
          onLogin,
          onIdle: () => this.#beginWaiting(),
          onSession: () => this.#workWithMore(),
          onLost: (lost, reason) => this.#lose(lost, reason),
        },
      )
      this.#isLoginInDoubt = false
      if (!signal.aborted) return process
      process.kill('closed')
      await process.hasEnded()
      throw new HsmUnavailable('closed')
    } catch (error) {
      if (hasTried && !(error instanceof HsmUnavailable)) this.#isLoginInDoubt = false
      if (isRefusedPin(error)) this.#refusedPin = error
      throw error
    }
  }

  /** Each session takes memory of its own: that is not growth. */
  #workWithMore(): void {
    this.#restBytes = undefined
    this.#beginWaiting()
  }

  #serveFrom(process: TokenProcess): void {
    this.#process = process
    this.#last = process
    this.#restBytes = undefined
    this.#beginWaiting()
  }

  #lose(lost: TokenProcess, reason: string): void {
    if (lost !== this.#process) return
    this.#process = undefined
    this.#breaker.open(reason)
    this.#waiters.refuseAll(reason)
  }

  /** A new process finds the token, logs in, checks every key. A PIN that was refused is not tried again. */
  async #recover(): Promise<void> {
    if (this.#refusedPin !== undefined) return this.#giveUp(this.#refusedPin)
    if (!(await this.#last?.hasEnded())) throw new HsmUnavailable('the process that was killed has not ended')
    try {
      this.#serveFrom(await this.#start(this.#isLoginInDoubt ? 'refuse' : 'accept'))
    } catch (error) {
      if (isRefusedPin(error)) return this.#giveUp(error)
      throw error
    }
  }

  async #giveUp(error: HsmRefusal): Promise<void> {
    this.#breaker.stop(error.message)
    await this.#options.onRefusedPin(error)
  }

  /** The breaker logs what is wrong, and the next call says so. */
  async #look(): Promise<void> {
    if (this.#breaker.isOpen) return
    const process = this.#process
    const found = await this.#probe().catch(() => undefined)
    if (found === undefined || process === undefined || process !== this.#process) return
    this.#restBytes ??= found.residentBytes
    if (found.residentBytes - this.#restBytes <= this.#options.mostGrowth) return
    this.#restBytes = found.residentBytes
    await this.#replace(process)
  }

  /** Without a pause: the new process serves before the old one ends. Where it cannot be started the old one stays. */
  async #replace(old: TokenProcess): Promise<void> {
    if (this.#replacing !== undefined || this.#refusedPin !== undefined) return
    this.#replacing = this.#replaceNow(old).finally(() => (this.#replacing = undefined))
    await this.#replacing
  }

  async #replaceNow(old: TokenProcess): Promise<void> {
    const { log, limits, onRefusedPin } = this.#options
    try {
      const fresh = await this.#start('accept')
      if (this.#process !== old) return fresh.kill('not needed')
      this.#serveFrom(fresh)
      log('hsm-replaced', 'its process has grown')
      await old.close(limits.callMs)
    } catch (error) {
      log('hsm-recovery-failed', error instanceof Error ? error.message : 'unknown')
      if (isRefusedPin(error)) await onRefusedPin(error)
    }
  }
}

const isRefusedPin = (error: unknown): error is HsmRefusal =>
  error instanceof HsmRefusal && error.reason === 'pin-refused'
