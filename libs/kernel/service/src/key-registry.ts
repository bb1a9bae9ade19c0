import type { KeyRecord, PinLatch } from '@strongroom/hsm'
import { column, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export const keystoreMigrations = readMigrations('keystore', new URL('../migrations/', import.meta.url), {
  keys: ['select'],
  refused_pin: ['select', 'insert', 'update'],
})

const keyRow = z.object({
  job: z.enum(['seal', 'wrap', 'mac', 'sign']),
  use: z.string(),
  version: column.count,
  label: z.string(),
  strategy: z.string(),
  checkValue: column.bytes,
})

export const recordedKeys = (statements: Statements): Promise<KeyRecord[]> =>
  statements.many(
    keyRow,
    sql`select job, use, version, label, strategy, check_value as "checkValue" from keystore.keys order by job, use, version`,
  )

export const recordKey = (tx: Statements, key: KeyRecord): Promise<number> =>
  tx.run(sql`
    insert into keystore.keys (job, use, version, label, strategy, check_value)
    values (${key.job}, ${key.use}, ${key.version}, ${key.label}, ${key.strategy}, ${key.checkValue})`)

/** Remembers a refused token PIN in the database: for where the state directory does not outlive a container. */
export const databasePinLatch = (statements: Statements): PinLatch => ({
  read: async () =>
    (await statements.maybe(z.object({ entry: z.string() }), sql`select entry from keystore.refused_pin`))?.entry,
  write: async (entry) => {
    await statements.run(sql`
      insert into keystore.refused_pin (entry) values (${entry}) on conflict (singleton) do update set entry = excluded.entry`)
  },
})

/** Both remember; either knows. A latch that cannot be read is an error: no PIN is tried on a guess. */
export const bothLatches = (first: PinLatch, second: PinLatch): PinLatch => ({
  read: async () => (await first.read()) ?? (await second.read()),
  write: async (entry) => {
    await first.write(entry)
    await second.write(entry)
  },
})
