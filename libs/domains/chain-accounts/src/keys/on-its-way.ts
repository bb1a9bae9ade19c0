import { toHex } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { KeyRow } from '../accounts/key-row.ts'

/** Whether we signed for the key to be added, these days, and the chain does not show it yet. */
export const isOnItsWay = async (
  statements: Statements,
  { id, accountId, publicKey }: Pick<KeyRow, 'id' | 'accountId' | 'publicKey'>,
): Promise<boolean> => {
  const addition = JSON.stringify([{ kind: 'add-signer', publicKey: toHex(publicKey) }])
  const { is } = await statements.one(
    z.object({ is: z.boolean() }),
    sql`select exists (select from chain_accounts.signer_changes
                        where account_id = ${accountId} and state = 'signed' and settled_at is null
                          and ended_at > strongroom.now() - interval '8 days' and changes @> ${addition}::jsonb)
            or exists (select from chain_accounts.recoveries
                        where new_key = ${id} and state = 'done' and settled_at is null
                          and ended_at > strongroom.now() - interval '8 days') as is`,
  )
  return is
}
