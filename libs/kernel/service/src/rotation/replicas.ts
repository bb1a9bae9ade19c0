import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { KeySource } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { recordedKeys } from '../key-registry.ts'

/** Seconds after which a process that was not seen counts as gone. It seals nothing by then: see `Follower`. */
export const GONE_SECONDS = 60
const NOTHING_LOADED = 0

const numbered = z.object({ number: column.count })

/**
 * This process among those that are waited for when keys change. It is known of before it reads, so that no key seals,
 * or is destroyed, between its reading and its first report.
 */
export function replicaOf(database: Database): KeySource {
  const me = { id: randomUUID(), name: `${hostname()}:${String(process.pid)}` }
  let isKnown = false
  return {
    report: (generation) => report(database, { ...me, generation }),
    async read() {
      if (!isKnown) await report(database, { ...me, generation: NOTHING_LOADED })
      isKnown = true
      // In this order: of keys that changed in between the older number is told, and they are read once more.
      const generation = await newestGeneration(database)
      return { generation, keys: await recordedKeys(database) }
    },
    leave: async () => void (await database.run(sql`delete from keystore.replicas where id = ${me.id}`)),
  }
}

export const newestGeneration = async (statements: Statements): Promise<number> =>
  (await statements.one(numbered, sql`select number from keystore.generation`)).number

interface Report {
  readonly id: string
  readonly name: string
  readonly generation: number
}

const report = async (statements: Statements, { id, name, generation }: Report): Promise<number> =>
  (
    await statements.one(
      numbered,
      sql`
      with gone as (
        delete from keystore.replicas where id <> ${id} and seen_at < now() - make_interval(secs => ${GONE_SECONDS}))
      insert into keystore.replicas as known (id, name, generation) values (${id}, ${name}, ${generation})
      on conflict (id) do update
        set generation = excluded.generation,
            since = case known.generation when excluded.generation then known.since else now() end,
            seen_at = now()
      returning (select number from keystore.generation) as number`,
    )
  ).number

const replicaRow = z.object({
  id: z.string(),
  name: z.string(),
  generation: column.count,
  seenSecondsAgo: z.number(),
  steadySeconds: z.number(),
})

/** One that lives, and for how long it has worked by what it works by now. */
export type LivingReplica = z.output<typeof replicaRow>

export const livingReplicas = (statements: Statements): Promise<LivingReplica[]> =>
  statements.many(
    replicaRow,
    sql`select id, name, generation,
               extract(epoch from now() - seen_at)::float8 as "seenSecondsAgo",
               extract(epoch from now() - since)::float8 as "steadySeconds"
          from keystore.replicas where seen_at >= now() - make_interval(secs => ${GONE_SECONDS}) order by name, id`,
  )
