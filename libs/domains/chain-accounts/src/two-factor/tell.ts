import { enqueue } from '@strongroom/jobs'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { findKeys } from '../accounts/keys-store.ts'
import { pushRequest } from './jobs.ts'

export interface Told {
  readonly requestId: string
  readonly accountId: string
  /** The key that asked, once its request was answered. */
  readonly asker?: string
}

/** Every device, and not the one alone that is asked: whoever holds that one lets another in, and the others can stop it. */
export async function tellOfRequest(tx: Statements, { requestId, accountId, asker }: Told): Promise<void> {
  const keys = await findKeys(tx, accountId)
  const told = keys.filter(({ id, type, state }) => type === 'user-key' && (state === 'active' || id === asker))
  for (const { id: keyId } of told) await enqueue(tx, pushRequest, { requestId, accountId, keyId })
}

/** A key was seen on the chain before anybody approved its request here, without that, or though somebody denied it. */
export async function tellOfKey(tx: Statements, keyId: string): Promise<void> {
  const asked = await tx.maybe(
    z.object({ requestId: z.uuid(), accountId: z.uuid() }),
    sql`select id as "requestId", account_id as "accountId" from chain_accounts.two_factor_requests
         where source_key_id = ${keyId} order by requested_at desc limit 1`,
  )
  if (asked) await tellOfRequest(tx, asked)
}
