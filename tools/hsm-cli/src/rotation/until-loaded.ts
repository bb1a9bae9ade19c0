import { setTimeout as pause } from 'node:timers/promises'
import type { KeyDesk } from '@strongroom/service'
import { Refused, Unusable } from '../outcome.ts'

const LOOK_MS = 500
const WAIT_SECONDS = 60

/** Every process of the app that lives has the newest keys. Throws `Refused` naming those that have not. */
export async function untilLoaded(desk: KeyDesk, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs
  for (;;) {
    const behind = (await desk.status()).replicas.filter(({ isCurrent }) => !isCurrent)
    if (behind.length === 0) return
    if (performance.now() > until) {
      const names = behind.map(({ name }) => name).join(', ')
      throw new Refused(
        `not every process has loaded the newest keys (${names}): look at their logs, and run this again`,
      )
    }
    await pause(LOOK_MS)
  }
}

export function secondsOf(text: string | undefined): number {
  if (text === undefined) return WAIT_SECONDS
  if (!/^\d{1,5}$/.test(text)) throw new Unusable('--wait is a number of seconds')
  return Number(text)
}
