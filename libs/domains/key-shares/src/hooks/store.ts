import { appendEvent, recordEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { hookRejected, keyCreated, keygenApproved, signApproved } from '../users/events.ts'

const asked = {
  userId: z.uuid(),
  lookup: column.bytes,
  disabled: z.boolean(),
  stamp: column.bytes.nullable(),
  active: z.boolean(),
}
const deviceRow = z.object(asked)
const pairRow = z.object({ ...asked, keyStamp: column.bytes.nullable(), sameOwner: z.boolean() })
export type Asking = z.output<typeof deviceRow>

const columns = sql`u.id as "userId", u.lookup, u.disabled_at is not null as disabled, d.stamp, d.revoked_at is null as active`

/** A device and its user. */
export const findAsking = (statements: Statements, key: Uint8Array): Promise<Asking | undefined> =>
  statements.maybe(
    deviceRow,
    sql`select ${columns} from key_shares.devices as d join key_shares.users as u on u.id = d.user_id
         where d.verifying_key = ${key}`,
  )

/** The same with the key that it wants to sign with. */
export const findPair = (statements: Statements, key: Uint8Array, keyId: string) =>
  statements.maybe(
    pairRow,
    sql`select ${columns}, k.stamp as "keyStamp", coalesce(k.user_id = d.user_id, false) as "sameOwner"
          from key_shares.devices as d
          join key_shares.users as u on u.id = d.user_id
          left join key_shares.keys as k on k.key_id = ${keyId}
         where d.verifying_key = ${key}`,
  )

export interface Transaction {
  readonly id: string
  readonly userId: string
  readonly key: Uint8Array
  readonly deviceKey: string
  readonly instance: string
}

/** One statement: the generation, its transaction and the event. A repeated question renews it. */
export const approveKeygen = (
  statements: Statements,
  { id, userId, key, deviceKey, instance }: Transaction,
  { stamp, lifetime }: { stamp: Uint8Array; lifetime: number },
): Promise<number> =>
  statements.run(sql`
    with keygen as (
      insert into key_shares.keygens (verifying_key, instance, user_id, transaction_id, stamp, expires_at)
      values (${key}, ${instance}, ${userId}, ${id}, ${stamp}, strongroom.now() + make_interval(secs => ${lifetime}))
      on conflict (verifying_key, instance) do update set expires_at = excluded.expires_at
      returning transaction_id, user_id
    ), noted as (
      insert into key_shares.transactions (id, user_id, type, status, verifying_key, instance)
      select transaction_id, user_id, 'keygen', 'approved', ${key}, ${instance} from keygen on conflict do nothing
    )
    ${appendEvent(keygenApproved, { subject: sql`user_id`, detail: deviceDetail(deviceKey), from: sql`keygen` })}`)

const deviceDetail = (deviceKey: string): Query => sql`jsonb_build_object('device', ${deviceKey}::text)`

const generation = z.object({ userId: z.uuid(), transactionId: z.uuid(), stamp: column.bytes })

/** An approved generation that still waits. Nobody else completes it before the transaction ends. */
export const holdKeygen = (tx: Statements, key: Uint8Array, instance: string) =>
  tx.maybe(
    generation,
    sql`select user_id as "userId", transaction_id as "transactionId", stamp from key_shares.keygens
         where verifying_key = ${key} and instance = ${instance} and expires_at > strongroom.now() for update`,
  )

const ownedRow = z.object({ userId: z.uuid(), instance: z.string() })

export const findKey = (statements: Statements, keyId: string) =>
  statements.maybe(ownedRow, sql`select user_id as "userId", instance from key_shares.keys where key_id = ${keyId}`)

/** False where the id is taken. */
export async function createKey(
  tx: Statements,
  { keyId, stamp, ...made }: Transaction & { keyId: string; stamp: Uint8Array },
): Promise<boolean> {
  const { id, userId, key, deviceKey, instance } = made
  const inserted = await tx.run(sql`
    insert into key_shares.keys (key_id, user_id, verifying_key, instance, stamp)
    values (${keyId}, ${userId}, ${key}, ${instance}, ${stamp}) on conflict do nothing`)
  if (inserted === 0) return false
  await tx.run(sql`
    update key_shares.transactions set status = 'completed', key_id = ${keyId}, completed_at = strongroom.now() where id = ${id}`)
  await tx.run(sql`delete from key_shares.keygens where verifying_key = ${key} and instance = ${instance}`)
  await recordEvent(tx, keyCreated, { subject: userId, detail: { key: keyId, device: deviceKey } })
  return true
}

export interface Signing extends Transaction {
  readonly keyId: string
  readonly signAlg: string | undefined
  readonly chainPath: string | undefined
  readonly message: string | undefined
}

const insertSigning = (signing: Signing, status: 'approved' | 'rejected', why: string | null): Query => sql`
  insert into key_shares.transactions
         (id, user_id, type, status, key_id, verifying_key, instance, sign_alg, chain_path, message, reject_reason)
  values (${signing.id}, ${signing.userId}, 'sign', ${status}, ${signing.keyId}, ${signing.key}, ${signing.instance},
          ${signing.signAlg ?? null}, ${signing.chainPath ?? null}, ${signing.message ?? null}, ${why})
  returning user_id`

export const approveSigning = (statements: Statements, signing: Signing): Promise<number> =>
  statements.run(sql`
    with noted as (${insertSigning(signing, 'approved', null)})
    ${appendEvent(signApproved, {
      subject: sql`user_id`,
      detail: sql`jsonb_build_object('key', ${signing.keyId}::text, 'device', ${signing.deviceKey}::text)`,
      from: sql`noted`,
    })}`)

export const rejectSigning = (statements: Statements, signing: Signing, why: string): Promise<number> =>
  statements.run(sql`
    with noted as (${insertSigning(signing, 'rejected', why)})
    ${appendEvent(hookRejected, {
      subject: sql`user_id`,
      detail: sql`jsonb_build_object('type', 'sign', 'why', ${why}::text, 'device', ${signing.deviceKey}::text)`,
      from: sql`noted`,
    })}`)

export const purgeKeygens = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from key_shares.keygens where expires_at < strongroom.now() - interval '1 day'`)
