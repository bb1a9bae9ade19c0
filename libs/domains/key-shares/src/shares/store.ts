import { recordEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { backupRecovered, backupRestored, backupSaved } from '../users/events.ts'

const keyRow = z.object({ keyId: z.string(), createdAt: column.instant, backedUpAt: column.instant.nullable() })

export const findKeys = (statements: Statements, userId: string) =>
  statements.many(
    keyRow,
    sql`select k.key_id as "keyId", k.created_at as "createdAt", b.created_at as "backedUpAt"
          from key_shares.keys as k
          left join key_shares.backups as b
            on b.key_id = k.key_id and b.published_at is not null and b.retired_at is null
         where k.user_id = ${userId} order by k.created_at, k.key_id`,
  )

/** The next version of a key's backup, which nobody else gets; `undefined` for a key of somebody else, or of nobody. */
export const takeVersion = async (
  statements: Statements,
  { userId, keyId }: { userId: string; keyId: string },
): Promise<number | undefined> =>
  (
    await statements.maybe(
      z.object({ version: column.count }),
      sql`update key_shares.keys set last_version = last_version + 1
           where key_id = ${keyId} and user_id = ${userId} returning last_version as version`,
    )
  )?.version

export interface Written {
  readonly keyId: string
  readonly version: number
}

export const writeShare = (
  statements: Statements,
  { keyId, version, upload, envelope }: Written & { upload: string; envelope: Uint8Array },
): Promise<number> =>
  statements.run(sql`
    insert into key_shares.backups (key_id, version, upload, envelope)
    values (${keyId}, ${version}, ${upload}, ${envelope})`)

/** What was written in a request that came to nothing. */
export const dropUpload = (statements: Statements, upload: string): Promise<number> =>
  statements.run(sql`delete from key_shares.backups where upload = ${upload} and published_at is null`)

const published = z.object({ at: column.instant })

/** Earlier versions of a key: whoever has a token saves without end, and each may have a MiB. */
const VERSIONS_KEPT = 20

/** Puts a version in the place of the current one. `undefined` where a newer one is there already. */
export async function publish(tx: Statements, userId: string, { keyId, version }: Written): Promise<Date | undefined> {
  await tx.one(
    z.object({ keyId: z.string() }),
    sql`select key_id as "keyId" from key_shares.keys where key_id = ${keyId} for update`,
  )
  const newer = await tx.maybe(
    z.object({ version: column.count }),
    sql`select version from key_shares.backups
         where key_id = ${keyId} and published_at is not null and retired_at is null and version > ${version}`,
  )
  if (newer) return undefined
  await tx.run(sql`
    update key_shares.backups set retired_at = strongroom.now()
     where key_id = ${keyId} and published_at is not null and retired_at is null`)
  const { at } = await tx.one(
    published,
    sql`update key_shares.backups set published_at = strongroom.now()
         where key_id = ${keyId} and version = ${version} returning created_at as at`,
  )
  await tx.run(sql`
    delete from key_shares.backups
     where key_id = ${keyId} and retired_at is not null
       and version not in (select version from key_shares.backups where key_id = ${keyId} and retired_at is not null
                            order by retired_at desc, version desc limit ${VERSIONS_KEPT})`)
  await recordEvent(tx, backupSaved, { subject: userId, detail: { key: keyId, version } })
  return at
}

/** The versions that a user's keys have now; keys of others and keys without a backup are not among them. */
export const findBackups = (statements: Statements, userId: string, keyIds: readonly string[]) =>
  statements.many(
    z.object({ keyId: z.string(), version: column.count }),
    sql`select b.key_id as "keyId", b.version from key_shares.backups as b
          join key_shares.keys as k on k.key_id = b.key_id
         where k.user_id = ${userId} and b.key_id = any (${keyIds}::text[])
           and b.published_at is not null and b.retired_at is null`,
  )

const SLICE = 65_536
const slice = z.object({ bytes: column.bytes })

/** In slices: of a row of a MiB the driver makes several times that in buffers and text, which wait for the collector. */
export async function readShare(statements: Statements, { keyId, version }: Written): Promise<Uint8Array> {
  const slices = await statements.many(
    slice,
    sql`select substring(envelope from at for ${SLICE}) as bytes
          from key_shares.backups, generate_series(1, length(envelope), ${SLICE}) as at
         where key_id = ${keyId} and version = ${version} order by at`,
  )
  if (slices.length === 0) throw new Error('a backup that must be there is missing')
  return Buffer.concat(slices.map(({ bytes }) => bytes))
}

export const noteRecovered = (tx: Statements, userId: string, { keyId, version }: Written): Promise<void> =>
  recordEvent(tx, backupRecovered, { subject: userId, detail: { key: keyId, version } })

const keptVersion = z.object({ version: column.count, savedAt: column.instant, current: z.boolean() })

/** The versions of a key's backup that are kept, newest first. */
export const listVersions = (statements: Statements, keyId: string) =>
  statements.many(
    keptVersion,
    sql`select version, created_at as "savedAt", retired_at is null as current from key_shares.backups
         where key_id = ${keyId} and published_at is not null order by version desc`,
  )

const restored = z.object({ userId: z.uuid(), version: column.count })

/** Puts an earlier version in the place of the current one: the one before it, or the one that is named. `undefined` where it is not kept. */
export async function restoreVersion(tx: Statements, keyId: string, wanted?: number): Promise<number | undefined> {
  const previous = await tx.maybe(
    restored,
    sql`select k.user_id as "userId", b.version from key_shares.backups as b
          join key_shares.keys as k on k.key_id = b.key_id
         where b.key_id = ${keyId} and b.published_at is not null and b.retired_at is not null
           and (${wanted ?? null}::int is null or b.version = ${wanted ?? null})
         order by b.retired_at desc, b.version desc limit 1 for update`,
  )
  if (!previous) return undefined
  const { userId, version } = previous
  await tx.run(sql`
    update key_shares.backups set retired_at = strongroom.now()
     where key_id = ${keyId} and published_at is not null and retired_at is null`)
  await tx.run(sql`update key_shares.backups set retired_at = null where key_id = ${keyId} and version = ${version}`)
  await recordEvent(tx, backupRestored, { subject: userId, detail: { key: keyId, version } })
  return version
}

/** Versions that were replaced long ago, and what requests left that came to nothing. */
export const purgeBackups = (statements: Statements, seconds: number): Promise<number> =>
  statements.run(sql`
    delete from key_shares.backups
     where retired_at < strongroom.now() - make_interval(secs => ${seconds})
        or (published_at is null and created_at < strongroom.now() - interval '1 hour')`)
