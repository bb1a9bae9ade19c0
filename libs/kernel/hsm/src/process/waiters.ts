import { HsmUnavailable } from '../errors.ts'

interface Waiter {
  readonly begin: () => void
  readonly refuse: (error: HsmUnavailable) => void
  readonly until: number
}

interface WaitersOptions {
  readonly most: number
  readonly patienceMs: number
}

/** Calls that wait for a session: so many and no more, and so long and no longer. Who is refused has not been computed. */
export class Waiters {
  readonly #options: WaitersOptions
  #waiting: Waiter[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: WaitersOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#options.most
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Resolves with what `begin` does when it is this one's turn. Rejects with `HsmUnavailable`. */
  wait<T>(begin: () => Promise<T>, place: 'last' | 'first' = 'last'): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const until = performance.now() + this.#options.patienceMs
    const waiter = { begin: () => resolve(begin()), refuse: reject, until }
    if (place === 'first') this.#waiting.unshift(waiter)
    else this.#waiting.push(waiter)
    this.#timer ??= setInterval(() => this.#refuseLate(), Math.ceil(this.#options.patienceMs / 10)).unref()
    return promise
  }

  beginNext(): void {
    this.#waiting.shift()?.begin()
  }

  refuseAll(reason: string): void {
    const refused = this.#waiting
    this.#waiting = []
    for (const { refuse } of refused) refuse(new HsmUnavailable(reason))
    this.#rest()
  }

  #refuseLate(): void {
    const now = performance.now()
    const late = this.#waiting.filter(({ until }) => until <= now)
    this.#waiting = this.#waiting.filter(({ until }) => until > now)
    for (const { refuse } of late) refuse(new HsmUnavailable('every session was busy for too long'))
    if (this.isEmpty) this.#rest()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
