import { appendEvent } from '@strongroom/audit'
import { addJobs } from '@strongroom/jobs'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverInvites } from '../jobs.ts'
import { directionOf, type PageOrder } from '../page-order.ts'
import { inviteTypes } from './contract.ts'
import { invitesDeleted } from './events.ts'
import type { InvitePlace } from './names.ts'

const inviteRow = z.object({
  id: column.count,
  type: z.enum(inviteTypes),
  sale: z.string(),
  contact: column.bytes,
  email: column.bytes,
})
export type Invite = z.output<typeof inviteRow>

const columns = sql`id, type, sale, contact, email`

export type NewInvite = InvitePlace & { readonly email: Uint8Array; readonly invitedBy: string }

/** False where there is such an invite. */
export const insertInvite = async (
  tx: Statements,
  { type, sale, contact, email, invitedBy }: NewInvite,
): Promise<boolean> =>
  (await tx.run(sql`
    insert into identity.invites (type, sale, contact, email, invited_by)
    values (${type}, ${sale}, ${contact}, ${email}, ${invitedBy}) on conflict do nothing`)) === 1

const count = z.object({ count: column.count })

/** In the last day, those that were taken back with them. */
export const countInvites = async (statements: Statements, invitedBy: string): Promise<number> =>
  (
    await statements.one(
      count,
      sql`select count(*) as count from identity.invites
           where invited_by = ${invitedBy} and created_at > strongroom.now() - interval '1 day'`,
    )
  ).count

/** Whose addresses have an account already are mailed now. */
export const queueKnown = (tx: Statements, contacts: readonly Uint8Array[]): Promise<number> =>
  tx.run(sql`
    select ${addJobs(deliverInvites, {
      from: sql`identity.identities i where i.email = any (${contacts.map((one) => Buffer.from(one))}::bytea[])`,
      payload: sql`json_build_object('identityId', i.id)`,
    })}`)

/** What no mail could be sent for when it was its turn: of a thousand, an hour later. */
export const queueWaiting = (statements: Statements): Promise<number> =>
  statements.run(sql`
    select ${addJobs(deliverInvites, {
      from: sql`(select distinct i.id from identity.invites v join identity.identities i on i.email = v.contact
                  where v.delivered_at is null and v.deleted_at is null limit 1000) as waiting`,
      payload: sql`json_build_object('identityId', id)`,
    })}`)

export const findWaiting = (statements: Statements, contact: Uint8Array): Promise<readonly Invite[]> =>
  statements.many(
    inviteRow,
    sql`select ${columns} from identity.invites
         where contact = ${contact} and delivered_at is null and deleted_at is null order by id limit 50`,
  )

/** False where somebody delivered it, or took it back. */
export const markDelivered = async (tx: Statements, id: number): Promise<boolean> =>
  (await tx.run(sql`
    update identity.invites set delivered_at = strongroom.now()
     where id = ${id} and delivered_at is null and deleted_at is null`)) === 1

interface InvitesWanted {
  /** Of one sale; all unless said. */
  readonly sale: string | undefined
  readonly limit: number
  readonly offset: number
  readonly order: PageOrder
}

/** By the time they were made. */
export const findInvites = (
  statements: Statements,
  { sale, limit, offset, order }: InvitesWanted,
): Promise<readonly Invite[]> =>
  statements.many(
    inviteRow,
    sql`select ${columns} from identity.invites
         where deleted_at is null and ${sale === undefined ? sql`true` : sql`sale = ${sale}`}
         order by id ${directionOf(order)} limit ${limit} offset ${offset}`,
  )

/** Those that were taken back today too: whoever takes one back again is who may. */
export const findByIds = (statements: Statements, ids: readonly number[]): Promise<readonly Invite[]> =>
  statements.many(inviteRow, sql`select ${columns} from identity.invites where id = any (${ids}::bigint[])`)

export const deleteInvites = (
  statements: Statements,
  { ids, account, key }: { readonly ids: readonly number[]; readonly account: string; readonly key: string },
): Promise<number> =>
  statements.run(sql`
    with gone as (
      update identity.invites set deleted_at = strongroom.now()
       where id = any (${ids}::bigint[]) and deleted_at is null returning id
    )
    ${appendEvent(invitesDeleted, {
      subject: account,
      detail: sql`jsonb_build_object('key', ${key}::text, 'invites', invites)`,
      from: sql`(select count(*) as invites from gone having count(*) > 0) as all_gone`,
    })}`)

export const purgeInvites = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from identity.invites where deleted_at < strongroom.now() - interval '1 day'`)
