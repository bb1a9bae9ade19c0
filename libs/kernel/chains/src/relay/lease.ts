import { type Database, sql } from '@strongroom/storage'
import { randomUUID } from 'node:crypto'
import type { Relayer } from './relayer.ts'

/** Seconds that a process which died in the middle holds up the others. */
export const LEASE = 15

/** The right to send for a relayer, for one process at a time. */
export interface Lease {
  /** False: it was taken for dead, and another has it. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

/** `undefined`: another process is at it. */
export async function takeLease(database: Database, { id }: Relayer, seconds: number): Promise<Lease | undefined> {
  const lease = randomUUID()
  const until = sql`strongroom.now() + make_interval(secs => ${seconds})`
  const taken = await database.run(sql`
    update chains.relayers set lease = ${lease}, lease_until = ${until}
     where id = ${id} and lease_until <= strongroom.now()`)
  if (taken === 0) return undefined
  return {
    async renew() {
      const kept = await database.run(sql`
        update chains.relayers set lease_until = ${until} where id = ${id} and lease = ${lease}`)
      return kept === 1
    },
    async release() {
      await database.relaxed.run(sql`
        update chains.relayers set lease = null, lease_until = '-infinity' where id = ${id} and lease = ${lease}`)
    },
  }
}
