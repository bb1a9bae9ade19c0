import { enqueue } from '@strongroom/jobs'
import type { Statements } from '@strongroom/storage'
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
