import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import { implement, reply } from '@strongroom/http'
import type { Database, Tx } from '@strongroom/storage'
import { cancelLocks } from '@strongroom/time-locks'
import { announce, isLimited } from '../accounts/announce.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { accountRestored } from '../accounts/events.ts'
import { holdRecord } from '../accounts/hold.ts'
import { nameContact } from '../accounts/names.ts'
import { removeAccount, type WhenRemoved } from '../accounts/remove.ts'
import { isTakenMeanwhile } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { nothingHeld, restoreUserKey, severalAccounts } from './contract.ts'
import { findHeld, findInTheWay, findLastVersion, type HeldRow, putBack, type Wanted } from './restore-store.ts'

export interface HoldDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly whenRemoved: WhenRemoved
}

/** What was made under the contact since it was looked is in the way the second time. */
export const restore = implement<HoldDeps>()(restoreUserKey, async ({ proof: { did }, body }, deps) => {
  const { shareVersion: version, contactMethod } = body
  const lookup = contactMethod && (await nameContact(deps.hsm, contactMethod))
  const wanted = { did, lookup, version }
  return bringBack(deps, wanted).catch((error: unknown) => {
    if (!isTakenMeanwhile(error)) throw error
    return bringBack(deps, wanted)
  })
})

/**
 * The record as it was. What stands there now is held in its turn. A record that somebody else made meanwhile is displaced;
 * no copy of it displaces this one again, for who had the contact first stays: else a vandal who kept one would wait
 * until the owner's own are shredded.
 */
const bringBack = (deps: HoldDeps, wanted: Wanted) =>
  deps.database.transaction(async (tx) => {
    const { policies } = deps
    const [held, another] = await findHeld(tx, wanted)
    if (!held) return nothingHeld()
    if (another) return severalAccounts()
    // By what the owner was told: a copy is not made where nothing, or somebody else's record, stood in the way.
    if (await isLimited(tx, held, { events: ['account-restored'], most: policies.rotationsPerDay })) {
      return tooManyRequests()
    }
    const { accountId, shareVersion } = held
    const standing = await findInTheWay(tx, held)
    if (standing.some(({ isOlder }) => isOlder)) return nothingHeld()
    const lastVersion = await makeRoom(tx, deps, { held, standing })
    // Shredded meanwhile.
    if (lastVersion === null || !(await putBack(tx, held.id, lastVersion))) return nothingHeld()
    await cancelLocks(tx, policies.startOver, accountId)
    await announce(tx, { id: accountId }, 'account-restored')
    await recordEvent(tx, accountRestored, { subject: accountId, detail: { version: shareVersion } })
    return reply(200, { success: true, shareVersion } as const)
  })

async function makeRoom(
  tx: Tx,
  { policies, whenRemoved }: HoldDeps,
  { held, standing }: { held: HeldRow; standing: readonly { id: string }[] },
): Promise<number | null> {
  const lastVersion = await findLastVersion(tx, held.accountId)
  for (const { id: accountId } of standing) {
    await holdRecord(tx, {
      accountId,
      reason: accountId === held.accountId ? 'restored' : 'displaced',
      seconds: policies.hold,
    })
    await removeAccount(tx, accountId, whenRemoved)
  }
  return lastVersion
}
