import { HsmRefusal, HsmUnavailable } from './errors.ts'
import type { KeystoreDescription } from './keystore.ts'
import type { Executor } from './executor.ts'
import { Breaker, type HsmLog } from './breaker.ts'
import { DeviceLost, probeJudged, runJudged } from './judged.ts'
import { DeviceError } from './pkcs11/device-error.ts'
import { mayBeBusy } from './profiles/busy.ts'
import { proveKeys, runCanary } from './keys/canary.ts'
import type { OperationName, RequestOf, ResultOf } from './operations/index.ts'
import type { TokenLink } from './token-link.ts'

export interface InlineOptions {
  readonly link: TokenLink
  readonly probeIntervalMs: number
  readonly log: HsmLog
  readonly random: () => number
  /** Told of a PIN that the token refused during recovery. */
  readonly onRefusedPin: (error: unknown) => Promise<void>
}

/**
 * Runs operations as synchronous PKCS#11 calls in this process: on a local token they cost less than any hop to
 * another. At most one thing is on the token at any time.
 */
export class InlineExecutor implements Executor {
  readonly #link: TokenLink
  readonly #breaker: Breaker
  readonly #probe: NodeJS.Timeout
  readonly #onRefusedPin: InlineOptions['onRefusedPin']
  #isClosed = false

  constructor({ link, probeIntervalMs, log, random, onRefusedPin }: InlineOptions) {
    this.#link = link
    this.#onRefusedPin = onRefusedPin
    this.#breaker = new Breaker({ recover: () => this.#recover(), log, random })
    this.#probe = setInterval(() => void this.#probeQuietly(), probeIntervalMs).unref()
  }

  async run<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResultOf<Name>> {
    return this.#onDevice(() => runJudged(this.#link, name, request))
  }

  assertAvailable(): void {
    this.#refuseWhileOpen()
  }

  async check(): Promise<void> {
    this.#onDevice(() => probeJudged(this.#link))
  }

  describe(): KeystoreDescription {
    return { ...this.#link.description, executor: 'inline' }
  }

  async close(): Promise<void> {
    clearInterval(this.#probe)
    if (this.#isClosed) return
    this.#isClosed = true
    this.#breaker.stop('closed')
    this.#link.close()
  }

  #onDevice<T>(work: () => T): T {
    this.#refuseWhileOpen()
    this.#followModule()
    try {
      return work()
    } catch (error) {
      if (error instanceof DeviceLost) this.#lose(error)
      throw error
    }
  }

  #lose(cause: unknown): never {
    this.#breaker.open(cause instanceof Error ? cause.message : 'unknown')
    this.#refuseWhileOpen()
    throw cause
  }

  #refuseWhileOpen(): void {
    if (this.#breaker.isOpen) throw new HsmUnavailable(this.#breaker.reason, this.#breaker.retryAfterSeconds)
  }

  /** Another keystore of this process may have initialised the module anew for a token of its own. */
  #followModule(): void {
    if (this.#link.isCurrent) return
    try {
      this.#link.logInAnew()
    } catch (error) {
      if (isRefusedPin(error)) void this.#giveUp(error)
      this.#lose(error)
    }
  }

  async #probeQuietly(): Promise<void> {
    // The breaker has logged it, and the next call says so.
    if (!this.#breaker.isOpen) await this.check().catch(() => undefined)
  }

  /** The ladder: each rung only where the one below did not lead to a token that answers with every recorded key. */
  async #recover(): Promise<void> {
    const rungs = [() => this.#link.renewSession(), () => this.#link.logInAnew(), () => this.#link.initialiseAnew()]
    let failure: unknown
    for (const climb of rungs) {
      try {
        climb()
        runCanary(this.#link.context)
        proveKeys(this.#link.context)
        return
      } catch (error) {
        failure = error
        if (isRefusedPin(error)) return this.#giveUp(error)
        // A busy token is there: what the next rung would take away from others it would not give to us.
        if (error instanceof DeviceError && mayBeBusy(this.#link.profile, error)) break
      }
    }
    throw failure
  }

  /** A PIN that worked and is refused now is not tried again: only a restart with another one helps. */
  async #giveUp(error: HsmRefusal): Promise<void> {
    this.#breaker.stop(error.message)
    await this.#onRefusedPin(error)
  }
}

const isRefusedPin = (error: unknown): error is HsmRefusal =>
  error instanceof HsmRefusal && error.reason === 'pin-refused'
