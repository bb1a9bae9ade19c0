import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const asking = z.object({ seconds: z.int() })

/** For how long a request of that key still waits; none where none does. In the transaction that holds the account. */
export const secondsAsking = async (tx: Statements, sourceKeyId: string): Promise<number | undefined> => {
  const found = await tx.maybe(
    asking,
    sql`select ceil(extract(epoch from expires_at - strongroom.now()))::int as seconds
          from chain_accounts.two_factor_requests
         where source_key_id = ${sourceKeyId} and state = 'pending' and expires_at > strongroom.now()
         order by expires_at desc limit 1`,
  )
  return found?.seconds
}
