import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { cancelLocks } from '@strongroom/time-locks'
import { announce } from '../accounts/announce.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { nameCaller } from '../accounts/caller.ts'
import { accountDeleted } from '../accounts/events.ts'
import { countHeld, holdRecord } from '../accounts/hold.ts'
import { removeAccount } from '../accounts/remove.ts'
import { holdAccount } from '../accounts/store.ts'
import { shareConflict } from '../shares/contract.ts'
import type { ShareDeps } from '../shares/put-auth-share.ts'
import { deleteUserKey } from './contract.ts'

/** Deleting what is not there is done already. */
export const remove = implement<ShareDeps>()(deleteUserKey, async ({ proof, body }, deps) => {
  const { database, policies, whenRemoved } = deps
  const caller = await nameCaller(deps, { ...proof, contactMethod: body.contactMethod })
  if (caller instanceof Refusal) return caller
  const { account } = caller
  if (!account) return reply(200, { success: true })
  return database.transaction(async (tx) => {
    if (!(await holdAccount(tx, account))) return shareConflict()
    // A record can be made and deleted by turns, and its owner is told each time.
    if ((await countHeld(tx, account.lookup, 'deleted')) >= policies.deletionsPerDay) return tooManyRequests()
    await holdRecord(tx, { accountId: account.id, reason: 'deleted', seconds: policies.hold })
    await announce(tx, account, 'account-deleted')
    await removeAccount(tx, account.id, whenRemoved)
    await cancelLocks(tx, policies.startOver, account.id)
    await recordEvent(tx, accountDeleted, { subject: account.id, detail: {} })
    return reply(200, { success: true })
  })
})
