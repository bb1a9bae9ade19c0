/** An outage of ours: more ask than are served in a request’s time. Nothing came of the call. */
export class TooManyAtOnce extends Error {
  override readonly name = 'TooManyAtOnce'
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('too many ask at once')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface TurnsOptions {
  /** Whose turn it is together: as many as keep database and token busy, and no more. */
  readonly atOnce: number
  /** Who may wait; each holds what it asked with. */
  readonly mostWaiting: number
  /** What somebody waits at most before his turn. */
  readonly patienceMs: number
  /** Milliseconds since whenever. */
  readonly now: () => number
}

/** Calls that come in a burst, each in its turn, in their order. */
export interface Turns {
  /** @throws TooManyAtOnce before any work, where its turn would not come in time. */
  take<T>(work: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly since: number
  begin(): void
  refuse(error: TooManyAtOnce): void
}

/**
 * One after the other a burst is answered from its beginning. All at once everybody waits for everybody at each step, and
 * the queues of pool and token send away callers for whom a key was made already.
 */
export function openTurns({ atOnce, mostWaiting, patienceMs, now }: TurnsOptions): Turns {
  const line: Waiting[] = []
  let running = 0
  /** Of a turn, in milliseconds: the later ones count more. */
  let usual = 0

  const aheadMs = () => ((line.length + 1) * usual) / atOnce
  const refusal = () => new TooManyAtOnce(Math.max(1, Math.ceil(aheadMs() / 1000)))

  function next(): void {
    const waiting = line.shift()
    if (!waiting) return void running--
    if (now() - waiting.since <= patienceMs) return waiting.begin()
    waiting.refuse(refusal())
    next()
  }

  return {
    async take(work) {
      if (running < atOnce) running++
      else if (line.length >= mostWaiting || aheadMs() > patienceMs) throw refusal()
      else await new Promise<void>((begin, refuse) => line.push({ since: now(), begin, refuse }))
      const began = now()
      try {
        return await work()
      } finally {
        usual += (now() - began - usual) / 8
        next()
      }
    },
  }
}

/**
 * For sign-ups of one process. A request is 64 KiB at most, so that those who wait hold at most 128 MiB, and no proxy
 * gives them up before their turn.
 */
export const signUpTurns = (now: () => number = () => performance.now()): Turns =>
  openTurns({ atOnce: 16, mostWaiting: 2000, patienceMs: 20_000, now })
