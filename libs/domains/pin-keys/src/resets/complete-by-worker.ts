import { setTimeout as pause } from 'node:timers/promises'
import type { Secret } from '@strongroom/crypto'
import type { Database } from '@strongroom/storage'
import { success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import type { PinDeps } from '../pins/guess-pin.ts'
import { lockWith } from '../pins/rules.ts'
import { findKey } from '../pins/store.ts'
import { completionState, settleCompletion } from './store.ts'

const PATIENCE_MS = 10_000
const LONGEST_PAUSE_MS = 100

/** The worker did not come to it: nothing was done and nothing was spent. */
class WorkerAway extends Error {
  override readonly name = 'WorkerAway'
  readonly retryAfterSeconds = 30
}

/** What a new PIN would lock the key with: the sealed half of a MAC, never the PIN. `undefined`: there is no such key. */
export async function prepareNewPin({ database, hsm, policies }: PinDeps, keyId: string, newPin: Secret) {
  const key = await findKey(database.reading, policies.resets, keyId)
  if (!key) return undefined
  const pinEpoch = key.pinEpoch + 1
  return { pinEpoch, ...(await hsm.prepareLock(lockWith(newPin, { keyId, pinEpoch }))) }
}

/** Waits for the worker, who alone can open the copy of the key; a worker that is away has spent nothing. */
export const awaitWorker = async (database: Database, completionId: string) =>
  (await outcomeOf(database, completionId)) === 'done' ? success : invalidParams()

async function outcomeOf(database: Database, id: string) {
  const deadline = performance.now() + PATIENCE_MS
  for (let wait = 5; performance.now() < deadline; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    await pause(wait)
    const state = await completionState(database.reading, id)
    if (state !== 'pending') return state
  }
  if (await settleCompletion(database, id, 'withdrawn')) throw new WorkerAway()
  return completionState(database, id)
}
