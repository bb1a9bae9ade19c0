import type { Login, Presentation } from '@strongroom/proofs'
import type { Tx } from '@strongroom/storage'
import { endLock, findLock, holdLock, isGenuine } from '@strongroom/time-locks'
import type { Policies } from '../policies.ts'
import { announce } from './announce.ts'
import { type Caller, type CallerDeps, see } from './caller.ts'
import { type Contact, contactOf } from './names.ts'
import { holdRecord } from './hold.ts'
import { findAccount, holdAccount } from './store.ts'
import { removeAccount, type WhenRemoved } from './remove.ts'

/** A new DID whose wait is over: the caller as one without a record, and how the old record makes room. */
export interface Succession {
  readonly caller: Caller
  /** False where the lock ended, or the record changed, since it was looked at. */
  clear(tx: Tx): Promise<boolean>
}

/** Looks for a lock that this DID armed on the record of this login, and that has opened. */
export async function clearForNewOwner(
  { database, hsm, policies, whenRemoved }: CallerDeps & { policies: Policies; whenRemoved: WhenRemoved },
  { login, did, contactMethod }: { login: Login; did: Presentation; contactMethod: Contact | undefined },
): Promise<Succession | undefined> {
  const contact = contactOf(login, contactMethod)
  const seen = await see(hsm, login, contact)
  const account = await findAccount(database.reading, seen)
  if (!account?.bound || account.primaryDid === did.did) return undefined
  const lock = await findLock(database.reading, policies.startOver, { subject: account.id, holder: did.did })
  if (!lock?.open || !(await isGenuine(hsm, policies.startOver, lock))) return undefined
  return {
    caller: { contact, seen, account: undefined },
    async clear(tx) {
      // The record first, as whoever removes it cancels its locks afterwards.
      if (!(await holdAccount(tx, account))) return false
      if ((await holdLock(tx, lock.id))?.opensAt.getTime() !== lock.opensAt.getTime()) return false
      await holdRecord(tx, { accountId: account.id, reason: 'started-over', seconds: policies.hold })
      await announce(tx, account, 'start-over-done')
      await removeAccount(tx, account.id, whenRemoved)
      return endLock(tx, policies.startOver, { lockId: lock.id, as: 'done' })
    },
  }
}
