import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

/** Waits, but not beyond the signal. */
export const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined)
}

/** What a process that stood still was sent meanwhile has been read then: timers run before sockets are read. */
export const oneMoreTurn = (): Promise<void> => turn()

/** When the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', resolve, { once: true })
  })

/** Milliseconds to wait after so many failures in a row: a tenth of a second, doubled up to ten seconds. */
export const backOff = (failures: number): number => Math.min(10_000, 100 * 2 ** Math.min(failures, 10))

/** Whether work settled in time. It goes on where it did not. */
export async function settlesWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController()
  const done = work.then(
    () => true,
    () => true,
  )
  const late = pause(milliseconds, settled.signal)
    .then(oneMoreTurn)
    .then(() => false)
  try {
    return await Promise.race([done, late])
  } finally {
    settled.abort()
  }
}
