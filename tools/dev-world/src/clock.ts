import { enqueue, runSweepsNow } from '@strongroom/jobs'
import { openDatabase, shiftClock, sql } from '@strongroom/storage'
import { z } from 'zod'
import type { WorldFile } from './world-file.ts'

const units: Readonly<Record<string, string>> = { w: 'weeks', d: 'days', h: 'hours', m: 'minutes', s: 'seconds' }

/** `+31d`, `+1w2d`, `+90m` as an interval of PostgreSQL; `undefined` for anything else. Time only moves on. */
export function readShift(text: string): string | undefined {
  if (!/^\+(\d{1,5}[wdhms])+$/.test(text) || /([wdhms]).*\1/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([wdhms])/g)]
    .map(([, count = '', unit = '']) => `${count} ${units[unit] ?? ''}`)
    .join(' ')
}

/** Moves the time of every app of a running world on, has their sweeps run, and answers what time it is then. */
export async function passTime({ apps, postgres }: WorldFile, interval: string): Promise<Date> {
  let now = new Date()
  for (const app of Object.keys(apps)) {
    const connectionString = Object.assign(new URL(postgres), { pathname: `/${app.replaceAll('-', '_')}` }).href
    const database = openDatabase({ connectionString, connections: 1 })
    try {
      await shiftClock(database, interval)
      await enqueue(database, runSweepsNow, {})
      now = (await database.one(z.object({ now: z.date() }), sql`select strongroom.now() as now`)).now
    } finally {
      await database.close()
    }
  }
  return now
}
