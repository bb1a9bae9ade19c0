import { toHex } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import {
  armLock,
  drawLock,
  endLock,
  isContestedNow,
  isGenuine,
  lapseLocks,
  type Lock,
  readLock,
} from '@strongroom/time-locks'
import { countKeys } from '../accounts/keys-store.ts'
import { invalidRequest, tooManyRequests } from '../refusals.ts'
import type { ChainName } from '../shapes.ts'
import { contestOf, holdPolicy, subjectOf } from './holds.ts'
import { digestOf, type SignerChange } from './rules.ts'
import type { SignDeps, Signer } from './signer.ts'
import { type ChangeRow, countAsked, findLive, insertChange, lapseChanges, markCancelled } from './store.ts'

export interface Wanted {
  readonly chainName: ChainName
  readonly changes: readonly SignerChange[]
}

const MOST_WAITING = 10
/** Each is told to every device, twice where it is cancelled: whoever asks without end has their owner look away. */
const MOST_A_DAY = 20
const HOUR = 3600

export const subjectOfChange = ({ id, accountId, digest }: Pick<ChangeRow, 'id' | 'accountId' | 'digest'>): string =>
  subjectOf({ of: 'change', accountId, id, digest: toHex(digest) })

/** The hold of a change; none where it is gone. @throws Error where either is not as we wrote it. */
export async function readHold(
  { database, hsm, policies }: Pick<SignDeps, 'database' | 'hsm' | 'policies'>,
  change: ChangeRow,
): Promise<Lock | undefined> {
  const lock = await readLock(database.reading, change.lockId)
  if (!lock) return undefined
  const isOurs = lock.subject === subjectOfChange(change) && lock.holder === change.askedBy
  if (!isOurs || !(await isGenuine(hsm, holdPolicy(policies), lock)))
    throw new Error('the hold of a change is not as we wrote it')
  return lock
}

/** Where another key cancelled what this one asked for, within the month only an approval gives. */
export const isOver = async (
  { database, policies }: Pick<SignDeps, 'database' | 'policies'>,
  live: ChangeRow,
  lock: Lock,
): Promise<boolean> =>
  lock.open && !lock.contested && !(await isContestedNow(database.reading, holdPolicy(policies), contestOf(live)))

/** What a sweep would do soon: else the change that is over would stand in the way of the next one. */
export async function letLapse({ database, policies }: SignDeps, live: ChangeRow): Promise<void> {
  await lapseLocks(database, holdPolicy(policies), subjectOfChange(live))
  await lapseChanges(database)
}

/** Has a change wait from now on, and every device told. */
export async function holdChange(
  { database, hsm, policies, newId }: Pick<SignDeps, 'database' | 'hsm' | 'policies' | 'newId'>,
  { account, by }: Pick<Signer, 'account' | 'by'>,
  { chainName, changes }: Wanted,
): Promise<ChangeRow | Refusal<'too-many-requests'> | Refusal<'invalid-request'>> {
  const policy = holdPolicy(policies)
  const [id, accountId] = [newId(), account.id]
  const digest = digestOf({ accountId, chainName, changes })
  const subject = subjectOfChange({ id, accountId, digest })
  const drawn = await drawLock({ database, hsm }, policy, { subject, holder: by.id })
  // Of two requests at once the second keeps nothing of its own, its lock neither.
  const refused = await database.transaction(async (tx) => {
    // They queue up at the account.
    await countKeys(tx, accountId)
    const { waiting, today } = await countAsked(tx, { accountId, askedBy: by.id })
    if (waiting >= MOST_WAITING || today >= MOST_A_DAY) return tooManyRequests({ retryAfter: HOUR })
    const lock = await armLock(tx, policy, drawn)
    const row = { id, accountId, chainName, digest, changes: [...changes] }
    const held = { ...row, askedBy: by.id, lockId: lock.id, opensAt: lock.opensAt }
    return (await insertChange(tx, held)) ? undefined : invalidRequest()
  })
  if (refused?.kind === 'too-many-requests') return refused
  // One that another device called off this very moment, or signed, does not wait any more.
  return (await findLive(database, { accountId, chainName, digest })) ?? invalidRequest()
}

/** A hold that nobody who counts stands behind any more: it ends, so that the next one can begin. */
export const dropHold = (
  { database, policies }: SignDeps,
  { id, lockId, by }: Pick<ChangeRow, 'id' | 'lockId'> & { readonly by: string },
): Promise<void> =>
  database.transaction(async (tx) => {
    await endLock(tx, holdPolicy(policies), { lockId, as: 'cancelled' })
    await markCancelled(tx, { id, by })
  })
