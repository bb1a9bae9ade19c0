import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { contactUpgraded, upgradeTakenBack } from '../accounts/events.ts'

export const insertUpgrade = (tx: Statements, accountId: string, facts: Uint8Array): Promise<number> =>
  tx.run(sql`
    insert into secret_shares.upgrades (account_id, facts) values (${accountId}, ${facts})
    on conflict (account_id) do update set facts = excluded.facts, at = strongroom.now()`)

/** False where somebody else ended it. */
export const endUpgrade = async (tx: Statements, accountId: string, as: 'done' | 'taken-back'): Promise<boolean> =>
  (await tx.run(sql`
    with ended as (delete from secret_shares.upgrades where account_id = ${accountId} returning account_id)
    ${appendEvent(as === 'done' ? contactUpgraded : upgradeTakenBack, {
      subject: sql`account_id`,
      detail: sql`'{}'::jsonb`,
      from: sql`ended`,
    })}`)) === 1

const unfinished = z.object({ id: z.uuid(), lookup: column.bytes, facts: column.bytes })
export type Unfinished = z.output<typeof unfinished>

/** What a crash left: no request takes a minute. */
export const findUnfinished = (statements: Statements) =>
  statements.many(
    unfinished,
    sql`select a.id, a.lookup, u.facts from secret_shares.upgrades as u
          join secret_shares.accounts as a on a.id = u.account_id
         where u.at < strongroom.now() - interval '1 minute' order by u.at limit 50`,
  )

/** Behind the others: those that fail each time must not fill every batch. */
export const putOff = (statements: Statements, accountId: string): Promise<number> =>
  statements.run(sql`update secret_shares.upgrades set at = strongroom.now() where account_id = ${accountId}`)
