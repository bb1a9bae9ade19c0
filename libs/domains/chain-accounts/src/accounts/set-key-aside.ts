import { appendEvent } from '@strongroom/audit'
import { sql, type Statements } from '@strongroom/storage'
import { keySetAside } from './events.ts'

/**
 * Back to what it was before the chain showed it, with the stamp of that: it opens nothing, whatever the chain has. False
 * where it did not count.
 */
export const setKeyAside = async (tx: Statements, { id, stamp }: { id: string; stamp: Uint8Array }): Promise<boolean> =>
  (await tx.run(sql`
    with aside as (
      update chain_accounts.keys
         set state = 'pending', stamp = ${stamp}, activated_at = null, updated_at = strongroom.now()
       where id = ${id} and state = 'active' returning account_id, public_key
    )
    ${appendEvent(keySetAside, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('key', encode(public_key, 'hex'))`,
      from: sql`aside`,
    })}`)) === 1
