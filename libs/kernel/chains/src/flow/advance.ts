import type { Database } from '@strongroom/storage'
import type { AccessApi } from './access-api.ts'
import { findAttempt } from './attempts.ts'
import { beginAttempt } from './begin.ts'
import { follow } from './follow.ts'
import type { Payer } from './payer.ts'
import type { FlowName, FlowSetting } from './settings.ts'
import { signAttempt } from './sign-attempt.ts'
import { findTransaction, postpone } from './store.ts'

export interface FlowDeps {
  readonly name: FlowName
  readonly setting: FlowSetting
  readonly database: Database
  readonly api: AccessApi
  readonly payer: Payer
}

/**
 * One step of a transaction: an attempt is written down, signed, kept, sent, and looked for. Whatever ends in between,
 * the next step goes on from what was written: it repeats bytes, and makes others only when these are proven dead.
 */
export async function advance(deps: FlowDeps, transactionId: string): Promise<void> {
  const { database, setting } = deps
  const transaction = await findTransaction(database, transactionId)
  if (transaction?.state !== 'queued') return
  await postpone(database, transactionId, setting.pollSeconds)
  const attempt = (await findAttempt(database, transactionId)) ?? (await beginAttempt(deps, transaction))
  if (!attempt) return
  const signed = await signAttempt(deps, transaction, attempt)
  if (signed) await follow(deps, transaction, signed)
}
