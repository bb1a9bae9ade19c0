import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export interface Limit {
  /** Requests in one window. */
  readonly points: number
  /** Seconds. */
  readonly window: number
}

/** Counts what callers take, per process: N replicas let N times as much through. */
export interface Limiter {
  /** Takes one for that name; answers when to come back where nothing is left. */
  take(name: string): Promise<Date | undefined>
}

/** Limits each name, and all names together. */
export function limiter({ each, all }: { each: Limit; all: Limit }): Limiter {
  const perName = new RateLimiterMemory({ points: each.points, duration: each.window })
  const together = new RateLimiterMemory({ points: all.points, duration: all.window })
  return {
    async take(name) {
      try {
        await perName.consume(name)
        await together.consume('all')
        return undefined
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return new Date(Date.now() + refused.msBeforeNext)
        throw refused
      }
    },
  }
}
