import { HsmUnavailable } from '../errors.ts'

interface Member<T> {
  readonly value: T
  /** An operation that failed may have left the session busy for ever. */
  readonly discard: () => void
}

interface Closable {
  close(): void
}

interface PoolOptions<T> {
  readonly size: number
  readonly open: () => T
}

const WAITING_PER_MEMBER = 64

/** Sessions that one caller at a time has; the others wait in line, and beyond the line are sent away. */
export class SessionPool<T extends Closable> {
  readonly #options: PoolOptions<T>
  readonly #free: T[] = []
  readonly #waiting: (() => void)[] = []
  #open = 0
  #isClosed = false

  constructor(options: PoolOptions<T>) {
    this.#options = options
  }

  /** Throws `HsmUnavailable` where the line is too long or the pool closed, and what `open` and `work` throw. */
  async use<R>(work: (member: Member<T>) => Promise<R>): Promise<R> {
    await this.#turn()
    let kept = true
    let value: T | undefined
    try {
      value = this.#free.pop() ?? this.#options.open()
      return await work({ value, discard: () => (kept = false) })
    } finally {
      this.#giveBack(value, kept)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const member of this.#free.splice(0)) member.close()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #turn(): Promise<void> {
    const { size } = this.#options
    if (this.#open >= size && this.#waiting.length >= size * WAITING_PER_MEMBER) {
      throw new HsmUnavailable('too many calls wait for a session')
    }
    if (this.#open >= size) await new Promise<void>((wake) => this.#waiting.push(wake))
    else this.#open++
    if (this.#isClosed) throw new HsmUnavailable('closed')
  }

  #giveBack(value: T | undefined, kept: boolean): void {
    if (value !== undefined) {
      if (kept && !this.#isClosed) this.#free.push(value)
      else value.close()
    }
    // The place goes to who waits longest, with or without a session in it.
    const next = this.#waiting.shift()
    if (next === undefined) this.#open--
    else next()
  }
}
