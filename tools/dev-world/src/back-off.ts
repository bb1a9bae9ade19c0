import { setTimeout as delay } from 'node:timers/promises'

export interface BackOff {
  /** Waits longer after each failure, from half a second to half a minute; less after a long good run, or when told to end. */
  wait(ranFor: number): Promise<void>
  /** The milliseconds that the next `wait` would take after a short run. */
  next(ranFor: number): number
}

const longRun = 60_000

export function backOff(signal: AbortSignal): BackOff {
  let failures = 0
  const next = (ranFor: number) => Math.min(500 * 2 ** (ranFor > longRun ? 0 : failures), 30_000)
  const wait = async (ranFor: number) => {
    const pause = next(ranFor)
    failures = ranFor > longRun ? 1 : failures + 1
    await delay(pause, undefined, { signal }).catch(() => undefined)
  }
  return { next, wait }
}
