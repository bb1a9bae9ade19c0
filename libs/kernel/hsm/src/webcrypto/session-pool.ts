import { HsmUnavailable } from '../errors.ts'
import { Waiters } from '../process/waiters.ts'

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
  /** 5 seconds unless said. */
  readonly patienceMs?: number
}

// What waits is a message of some hundred bytes. How long a line may be is said in time: on a token in this process a
// thousand calls are a tenth of a second, and on one far away they are minutes.
const MOST_WAITING = 4096
const PATIENCE_MS = 5000

/** Sessions that one caller at a time has; the others wait in line, for so long, and beyond the line are sent away. */
export class SessionPool<T extends Closable> {
  readonly #options: PoolOptions<T>
  readonly #free: T[] = []
  readonly #waiters: Waiters
  #open = 0
  #isClosed = false

  constructor(options: PoolOptions<T>) {
    this.#options = options
    this.#waiters = new Waiters({ most: MOST_WAITING, patienceMs: options.patienceMs ?? PATIENCE_MS })
  }

  /** Throws `HsmUnavailable` where the line is too long or too slow or the pool closed, and what `open` and `work` throw. */
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
    this.#waiters.refuseAll('closed')
  }

  async #turn(): Promise<void> {
    if (this.#isClosed) throw new HsmUnavailable('closed')
    if (this.#open < this.#options.size) return void this.#open++
    if (this.#waiters.isFull) throw new HsmUnavailable('too many calls wait for a session')
    await this.#waiters.wait(async () => undefined)
  }

  #giveBack(value: T | undefined, kept: boolean): void {
    if (value !== undefined) {
      if (kept && !this.#isClosed) this.#free.push(value)
      else value.close()
    }
    // The place goes to who waits longest, with or without a session in it.
    if (this.#waiters.isEmpty) this.#open--
    else this.#waiters.beginNext()
  }
}
