import { join } from 'node:path'
import { filePinLatch, keyJobs, type KeyRecord, keyStates, type PinLatch } from '@strongroom/hsm'
import { column, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export const keystoreMigrations = readMigrations('keystore', new URL('../migrations/', import.meta.url), {
  keys: ['select'],
  recovery_key: ['select'],
  refused_pins: ['select', 'insert', 'update'],
  epoch: ['select', 'update'],
  generation: ['select'],
  replicas: ['select', 'insert', 'update', 'delete'],
  rewraps: ['select', 'update'],
})

const keyRow = z.object({
  token: z.string(),
  job: z.enum(keyJobs),
  use: z.string(),
  version: column.count,
  label: z.string(),
  strategy: z.string(),
  checkValue: column.bytes,
  state: z.enum(keyStates),
  keyId: column.bytes.nullable(),
})

export async function recordedKeys(statements: Statements): Promise<KeyRecord[]> {
  const rows = await statements.many(
    keyRow,
    sql`select token, job, use, version, label, strategy, check_value as "checkValue", state, key_id as "keyId"
          from keystore.keys order by token, job, use, version`,
  )
  return rows.map(({ token, keyId, ...key }) => ({
    ...key,
    ...(token !== '' && { token }),
    ...(keyId !== null && { keyId }),
  }))
}

export const recordKey = (tx: Statements, key: KeyRecord): Promise<number> =>
  tx.run(sql`
    insert into keystore.keys (token, job, use, version, label, strategy, check_value, state, key_id)
    values (${key.token ?? ''}, ${key.job}, ${key.use}, ${key.version}, ${key.label}, ${key.strategy}, ${key.checkValue},
            ${key.state ?? 'active'}, ${key.keyId ?? null})`)

/** Of keys that were recorded before their ids were. */
export const recordKeyId = (tx: Statements, { token = '', label, keyId }: KeyRecord): Promise<number> =>
  tx.run(sql`
    update keystore.keys set key_id = ${keyId ?? null} where token = ${token} and label = ${label} and key_id is null`)

/** Those of the app's own token, and those of its recovery token. */
export const ownKeys = (keys: readonly KeyRecord[]): KeyRecord[] => keys.filter(({ job }) => job !== 'recover')
export const recoveryKeys = (keys: readonly KeyRecord[]): KeyRecord[] => keys.filter(({ job }) => job === 'recover')

const sealedKey = z.object({ publicKey: column.bytes })

export const sealedRecoveryKey = async (statements: Statements): Promise<Uint8Array | undefined> =>
  (await statements.maybe(sealedKey, sql`select public_key as "publicKey" from keystore.recovery_key`))?.publicKey

export const storeRecoveryKey = (tx: Statements, sealed: Uint8Array): Promise<number> =>
  tx.run(sql`
    insert into keystore.recovery_key (public_key) values (${sealed})
    on conflict (singleton) do update set public_key = excluded.public_key`)

/** Remembers a refused token PIN in the database: for where the state directory does not outlive a container. */
const databasePinLatch = (statements: Statements, token: string): PinLatch => ({
  read: async () =>
    (
      await statements.maybe(
        z.object({ entry: z.string() }),
        sql`select entry from keystore.refused_pins where token = ${token}`,
      )
    )?.entry,
  write: async (entry) => {
    await statements.run(sql`
      insert into keystore.refused_pins (token, entry) values (${token}, ${entry})
      on conflict (token) do update set entry = excluded.entry`)
  },
})

/** Database and state directory both remember; either knows. One that cannot be read is an error: no PIN is tried on a guess. */
export function pinLatch(statements: Statements, { directory, token }: { directory: string; token: string }): PinLatch {
  const inFile = filePinLatch(join(directory, `refused-pin-${token.replaceAll(/[^\w-]/g, '_')}`))
  const inDatabase = databasePinLatch(statements, token)
  return {
    read: async () => (await inDatabase.read()) ?? (await inFile.read()),
    write: async (entry) => {
      await inDatabase.write(entry)
      await inFile.write(entry)
    },
  }
}
