/** A line for the log: never a secret, a PIN or a value. */
export type HsmLog = (
  event:
    | 'hsm-lost'
    | 'hsm-recovered'
    | 'hsm-recovery-failed'
    | 'hsm-replaced'
    | 'hsm-refused'
    | 'hsm-keys-loaded'
    | 'hsm-keys-not-loaded',
  reason: string,
) => void

interface BreakerOptions {
  /** One try to bring the device back; throws where it is still away. */
  readonly recover: () => Promise<void>
  readonly log: HsmLog
  /** A number from 0 to 1: spreads the tries of many processes. */
  readonly random: () => number
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000

/** Open: nothing is asked of the device but the recovery's own tries, at growing, jittered distances. */
export class Breaker {
  readonly #options: BreakerOptions
  #state: 'closed' | 'open' | 'stopped' = 'closed'
  #reason = ''
  #delay = FIRST_DELAY_MS
  #timer: NodeJS.Timeout | undefined

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#state !== 'closed'
  }

  get reason(): string {
    return this.#reason
  }

  /** Until about the next try. */
  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil(this.#delay / 1000))
  }

  open(reason: string): void {
    if (this.#state !== 'closed') return
    this.#state = 'open'
    this.#reason = reason
    this.#delay = FIRST_DELAY_MS
    this.#options.log('hsm-lost', reason)
    this.#schedule()
  }

  /** For good. */
  stop(reason: string): void {
    this.#state = 'stopped'
    this.#reason = reason
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    const wait = this.#delay * (0.5 + this.#options.random() / 2)
    this.#timer = setTimeout(() => void this.#tryToRecover(), wait).unref()
  }

  async #tryToRecover(): Promise<void> {
    try {
      await this.#options.recover()
    } catch (error) {
      if (this.#state !== 'open') return
      this.#options.log('hsm-recovery-failed', error instanceof Error ? error.message : 'unknown')
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS)
      this.#schedule()
      return
    }
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.#options.log('hsm-recovered', this.#reason)
  }
}
