import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { userDisabled, userEnabled, userRegistered } from './events.ts'

const userRow = z.object({ id: z.uuid(), lookup: column.bytes, disabled: z.boolean() })
export type User = z.output<typeof userRow>

export const findUser = (statements: Statements, lookup: Uint8Array): Promise<User | undefined> =>
  statements.maybe(
    userRow,
    sql`select id, lookup, disabled_at is not null as disabled from key_shares.users where lookup = ${lookup}`,
  )

/** False where another request registered the same user a moment ago. */
export const insertUser = async (
  tx: Statements,
  { id, lookup }: { id: string; lookup: Uint8Array },
): Promise<boolean> =>
  (await tx.run(sql`
    with registered as (
      insert into key_shares.users (id, lookup) values (${id}, ${lookup}) on conflict (lookup) do nothing returning id
    )
    ${appendEvent(userRegistered, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`registered` })}`)) === 1

/** False for an unknown user. */
export const disableUser = async (statements: Statements, userId: string): Promise<boolean> =>
  (await statements.run(sql`
    with changed as (
      update key_shares.users set disabled_at = coalesce(disabled_at, strongroom.now()) where id = ${userId} returning id
    )
    ${appendEvent(userDisabled, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`changed` })}`)) === 1

export const enableUser = async (statements: Statements, userId: string): Promise<boolean> =>
  (await statements.run(sql`
    with changed as (update key_shares.users set disabled_at = null where id = ${userId} returning id)
    ${appendEvent(userEnabled, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`changed` })}`)) === 1
