import { recordEvent } from '@strongroom/audit'
import { useCode } from '@strongroom/codes'
import { type Keystore, type RecoveryKeystore, Unopenable } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { cancelLocks, endLock, holdLock, isGenuine, type Lock, readLock } from '@strongroom/time-locks'
import { completeReset } from '../jobs.ts'
import { replaceLock } from '../keys/store.ts'
import { bindKey } from '../pins/rules.ts'
import type { Policies } from '../policies.ts'
import { openCopy } from '../users/recovery-copy.ts'
import { resetCompleted } from './events.ts'
import { usersWanted } from './rules.ts'
import { type Completion, countConfirmations, findCopy, findPending, settleCompletion } from './store.ts'

export interface CompletionDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  /** Opens copies of keys. Only a worker has it. */
  readonly recovery: RecoveryKeystore
}

/** Thrown to roll back: between the proof and now something ended that the reset needed. */
class Overtaken extends Error {
  override readonly name = 'Overtaken'
}

/**
 * The worker's half of a reset. The key is opened and locked first, outside any transaction; then one transaction uses up
 * the code, ends the lock and puts the new lock in place, or does nothing at all.
 */
export const resetCompleter = perform<CompletionDeps>()(completeReset, async ({ completionId }, deps) => {
  const { database } = deps
  const wanted = await findPending(database, completionId)
  // Nobody waits for it any more: what it would need is of no use.
  if (!wanted) return void (await settleCompletion(database, completionId, 'withdrawn'))
  try {
    const genuine = await findGenuine(deps, wanted)
    const locked = await lockAnew(deps, wanted)
    await database.transaction((tx) => putInPlace(tx, deps.policies, { completionId, wanted, locked, genuine }))
  } catch (error) {
    if (!(error instanceof Overtaken) && !(error instanceof Unopenable)) throw error
    await settleCompletion(database, completionId, 'refused')
  }
})

/** Before the copy is opened: a lock that was written past us, or made to open sooner, has no stamp of the token. */
async function findGenuine({ database, hsm, policies }: CompletionDeps, { lockId }: Completion): Promise<Lock> {
  const lock = await readLock(database, lockId)
  if (!lock?.open || !(await isGenuine(hsm, policies.resets, lock))) throw new Overtaken()
  return lock
}

async function lockAnew(
  { database, hsm, recovery }: CompletionDeps,
  { keyId, pinEpoch, verifier, envelope }: Completion,
) {
  const copy = await findCopy(database, keyId)
  if (!copy) throw new Overtaken()
  const key = await openCopy({ hsm, recovery }, { keyId, sealed: copy })
  try {
    return await hsm.lockRecoveredKey(key, bindKey({ keyId, pinEpoch }), { verifier, envelope })
  } finally {
    key.wipe()
  }
}

type Tx = Parameters<Parameters<Database['transaction']>[0]>[0]
type Locked = Awaited<ReturnType<Keystore['lockRecoveredKey']>>

async function putInPlace(
  tx: Tx,
  policies: Policies,
  {
    completionId,
    wanted,
    locked,
    genuine,
  }: { completionId: string; wanted: Completion; locked: Locked; genuine: Lock },
): Promise<void> {
  const { keyId, lockId, codeId, pinEpoch, verifier } = wanted
  // Read again: a cancel link may have been used since the proof.
  const lock = await holdLock(tx, lockId)
  const users = await countConfirmations(tx, { keyId, verifier, seconds: policies.codes.lifetime })
  const inTime =
    lock?.open &&
    lock.opensAt.getTime() === genuine.opensAt.getTime() &&
    users >= usersWanted(lock) &&
    (await settleCompletion(tx, completionId, 'done')) &&
    (await useCode(tx, codeId)) &&
    (await endLock(tx, policies.resets, { lockId, as: 'done' })) &&
    (await replaceLock(tx, policies, { keyId, pinEpoch, ...locked }))
  if (!inTime) throw new Overtaken()
  await cancelLocks(tx, policies.resets, keyId)
  await recordEvent(tx, resetCompleted, { subject: keyId, detail: { lock: lockId, pinEpoch } })
}
