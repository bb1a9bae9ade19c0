import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deviceRegistered, deviceRevoked } from '../users/events.ts'

const deviceRow = z.object({
  key: column.bytes,
  userId: z.uuid(),
  stamp: column.bytes.nullable(),
  name: column.bytes.nullable(),
  active: z.boolean(),
  createdAt: column.instant,
})
export type Device = z.output<typeof deviceRow>

const columns = sql`verifying_key as key, user_id as "userId", stamp, name, revoked_at is null as active, created_at as "createdAt"`

export const findDevice = (statements: Statements, key: Uint8Array): Promise<Device | undefined> =>
  statements.maybe(deviceRow, sql`select ${columns} from key_shares.devices where verifying_key = ${key}`)

/** Anybody with a token registers and revokes without end, and each name that is listed costs the token a call. */
const REVOKED_LISTED = 50

/** Newest first: those that are active, and the last that were revoked. */
export const findDevices = (statements: Statements, userId: string): Promise<readonly Device[]> =>
  statements.many(
    deviceRow,
    sql`select ${columns} from key_shares.devices
         where user_id = ${userId} and (revoked_at is null or verifying_key in (
               select verifying_key from key_shares.devices where user_id = ${userId} and revoked_at is not null
                order by revoked_at desc limit ${REVOKED_LISTED}))
         order by created_at desc, verifying_key`,
  )

/** Two registrations at once would both find room: they queue up at their user, and look only when it is their turn. */
export async function countActive(tx: Statements, userId: string): Promise<number> {
  await tx.one(z.object({ id: z.uuid() }), sql`select id from key_shares.users where id = ${userId} for update`)
  // A statement of its own: one that waited for the lock would still see what was there before it waited.
  const { count } = await tx.one(
    z.object({ count: column.count }),
    sql`select count(*)::int as count from key_shares.devices where user_id = ${userId} and revoked_at is null`,
  )
  return count
}

export interface NewDevice {
  readonly key: Uint8Array
  readonly userId: string
  readonly stamp: Uint8Array
  readonly name: Uint8Array | undefined
}

/** False where another request, of whichever user, registered the key a moment ago. */
export const insertDevice = async (tx: Statements, { key, userId, stamp, name }: NewDevice): Promise<boolean> =>
  (await tx.run(sql`
    with registered as (
      insert into key_shares.devices (verifying_key, user_id, stamp, name)
      values (${key}, ${userId}, ${stamp}, ${name ?? null}) on conflict do nothing returning verifying_key, user_id
    )
    ${appendEvent(deviceRegistered, {
      subject: sql`user_id`,
      detail: sql`jsonb_build_object('device', encode(verifying_key, 'hex'))`,
      from: sql`registered`,
    })}`)) === 1

/** False where it was revoked before. Its stamp goes, so that no later change of the row brings it back. */
export const markRevoked = async (tx: Statements, { key, userId }: Pick<Device, 'key' | 'userId'>): Promise<boolean> =>
  (await tx.run(sql`
    with revoked as (
      update key_shares.devices set revoked_at = strongroom.now(), stamp = null
       where verifying_key = ${key} and user_id = ${userId} and revoked_at is null
      returning verifying_key, user_id
    )
    ${appendEvent(deviceRevoked, {
      subject: sql`user_id`,
      detail: sql`jsonb_build_object('device', encode(verifying_key, 'hex'))`,
      from: sql`revoked`,
    })}`)) === 1

export interface ChallengePlace {
  readonly userId: string
  readonly key: Uint8Array
}

/** The newest takes the place of the one before it. */
export const putChallenge = (
  statements: Statements,
  { userId, key }: ChallengePlace,
  { id, lifetime }: { id: string; lifetime: number },
): Promise<number> =>
  statements.run(sql`
    insert into key_shares.challenges (user_id, verifying_key, id, expires_at)
    values (${userId}, ${key}, ${id}, strongroom.now() + make_interval(secs => ${lifetime}))
    on conflict (user_id, verifying_key) do update set id = excluded.id, expires_at = excluded.expires_at`)

const taken = z.object({ id: z.uuid(), expired: z.boolean(), expiresAt: column.instant })
export type TakenChallenge = z.output<typeof taken>

/** Takes it away, durably, before it is compared: of any number of requests one gets it. */
export const takeChallenge = (
  statements: Statements,
  { userId, key }: ChallengePlace,
): Promise<TakenChallenge | undefined> =>
  statements.maybe(
    taken,
    sql`delete from key_shares.challenges where user_id = ${userId} and verifying_key = ${key}
        returning id, expires_at <= strongroom.now() as expired, expires_at as "expiresAt"`,
  )

/** Gives it back where nothing was decided yet, unless a newer one was asked for meanwhile. */
export const returnChallenge = (
  statements: Statements,
  { userId, key }: ChallengePlace,
  { id, expiresAt }: Pick<TakenChallenge, 'id' | 'expiresAt'>,
): Promise<number> =>
  statements.run(sql`
    insert into key_shares.challenges (user_id, verifying_key, id, expires_at)
    values (${userId}, ${key}, ${id}, ${expiresAt}) on conflict do nothing`)

export const purgeChallenges = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from key_shares.challenges where expires_at < strongroom.now() - interval '1 hour'`)
