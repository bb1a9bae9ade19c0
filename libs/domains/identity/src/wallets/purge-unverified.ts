import { appendEvent } from '@strongroom/audit'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import type { IdentityDeps } from './deps.ts'
import { walletPurged } from './events.ts'

const BATCH = 100
const purged = z.object({ accountId: z.string(), isIts: z.boolean() })

/**
 * Addresses that nobody verified in time are free again; the ledger forgets the accounts, where it can, and for good. An
 * account that waits for whoever verifies the address waits on: its identity is not the wallet's yet.
 */
export async function purgeUnverified({
  database,
  ledger,
  policies,
}: Pick<IdentityDeps, 'database' | 'ledger' | 'policies'>): Promise<void> {
  for (let batch: readonly unknown[] = [undefined]; batch.length > 0;) {
    const gone = await database.many(
      purged,
      sql`
        with gone as (
          delete from identity.wallets where id in (
            select id from identity.wallets
             where not verified and signers is null
               and created_at < strongroom.now() - make_interval(secs => ${policies.unverifiedKept})
             limit ${BATCH} for update skip locked)
          returning id, account_id
        ), told as (${appendEvent(walletPurged, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`gone` })})
        select account_id as "accountId", exists (select from identity.identities i where i.wallet_id = gone.id) as "isIts"
          from gone`,
    )
    for (const { accountId, isIts } of gone) if (isIts) await ledger.forgetAccount(accountId)
    batch = gone
  }
}
