import { equalBytes, fromHex, toHex } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { armLock, drawLock, endLock, isGenuine, lapseLocks, readLock } from '@strongroom/time-locks'
import { isStamped, type Owner, type Stamped } from '../accounts/names.ts'
import { invalidRequest, tooManyRequests } from '../refusals.ts'
import type { ChainName } from '../shapes.ts'
import { readAsked } from '../two-factor/request.ts'
import { findWaiting } from '../two-factor/store.ts'
import { holdPolicy, subjectOf } from './holds.ts'
import { digestOf, type SignerChange } from './rules.ts'
import type { SignDeps, Signer } from './signer.ts'
import { type ChangeRow, findChanges, findLive, insertChange, lapseChanges, markSigned } from './store.ts'

export type Consent =
  /** `use` it in the transaction in which it is signed for; false where it is gone. */
  | { readonly kind: 'given'; use(tx: Statements): Promise<boolean> }
  | { readonly kind: 'awaited'; readonly change: ChangeRow }

export interface Wanted {
  readonly chainName: ChainName
  readonly changes: readonly SignerChange[]
}

const MOST_WAITING = 10
const HOUR = 3600

/**
 * Whether a change of signers may be signed for now: it is what another device asked for by two-factor, or another key
 * approved it, or its hold is over. If none of these, it is held from now on, and every device told.
 */
export async function consentTo(
  deps: SignDeps,
  signer: Signer,
  wanted: Wanted,
): Promise<Consent | Refusal<'too-many-requests'>> {
  if (await isAskedFor(deps, signer, wanted)) return { kind: 'given', use: () => Promise.resolve(true) }
  const { account, by } = signer
  const place = {
    accountId: account.id,
    chainName: wanted.chainName,
    digest: digestOf({ ...wanted, accountId: account.id }),
  }
  const live = await findLive(deps.database.reading, place)
  const consent = live && (await judgeLive(deps, account, live))
  if (consent === 'given' && live) return { kind: 'given', use: (tx) => use(deps, tx, { live, by: by.id }) }
  if (consent === 'awaited' && live) return { kind: 'awaited', change: live }
  if (live) await letLapse(deps, live)
  return hold(deps, signer, wanted)
}

/** What a sweep would do soon: else the change that is over would stand in the way of the next one. */
async function letLapse({ database, policies }: SignDeps, live: ChangeRow): Promise<void> {
  await lapseLocks(database, holdPolicy(policies), subjectOfChange(live))
  await lapseChanges(database)
}

/** The one key that another device waits for; it asked with the login, and the caller, another key, signed for it. */
async function isAskedFor(deps: SignDeps, { account, by }: Signer, { chainName, changes }: Wanted): Promise<boolean> {
  const [change, ...more] = changes
  if (change?.kind !== 'add-signer' || more.length > 0) return false
  for (const row of await findWaiting(deps.database.reading, { accountId: account.id, chainName })) {
    const { source } = await readAsked(deps, account, row)
    if (source.id !== by.id && equalBytes(source.publicKey, fromHex(change.publicKey))) return true
  }
  return false
}

/** What the token vouches for of an approval. */
export const approvalFacts = ({ id, chainName, digest, askedBy }: ChangeRow, approvedBy: string): Stamped => ({
  kind: 'change',
  name: id,
  facts: [chainName, toHex(digest), askedBy, approvedBy],
})

export const subjectOfChange = ({ id, accountId, digest }: Pick<ChangeRow, 'id' | 'accountId' | 'digest'>): string =>
  subjectOf({ of: 'change', accountId, id, digest: toHex(digest) })

async function judgeLive(
  { database, hsm, policies }: SignDeps,
  owner: Owner,
  live: ChangeRow,
): Promise<'given' | 'awaited' | 'gone'> {
  const lock = await readLock(database.reading, live.lockId)
  if (!lock) return 'gone'
  const isOurs = lock.subject === subjectOfChange(live) && lock.holder === live.askedBy
  if (!isOurs || !(await isGenuine(hsm, holdPolicy(policies), lock)))
    throw new Error('the hold of a change is not as we wrote it')
  if (live.state === 'held') return lock.open && !lock.contested ? 'given' : 'awaited'
  const { approvedBy, approval } = live
  const isApproved =
    approvedBy !== null && (await isStamped(hsm, owner, { ...approvalFacts(live, approvedBy), stamp: approval }))
  if (!isApproved) throw new Error('the approval of a change is not as we wrote it')
  return 'given'
}

async function use(
  { policies }: SignDeps,
  tx: Statements,
  { live, by }: { readonly live: ChangeRow; readonly by: string },
): Promise<boolean> {
  const { id, lockId, state } = live
  if (state !== 'held' && state !== 'approved') return false
  // The lock is the word of the token: a hold that was cancelled a moment ago ends here.
  if (!(await endLock(tx, holdPolicy(policies), { lockId, as: 'done' }))) return false
  return markSigned(tx, { id, by, state })
}

async function hold(deps: SignDeps, { account, by }: Signer, { chainName, changes }: Wanted) {
  const { database, hsm, policies, newId } = deps
  const policy = holdPolicy(policies)
  const [id, accountId] = [newId(), account.id]
  const digest = digestOf({ accountId, chainName, changes })
  const waiting = (await findChanges(database.reading, accountId)).filter(({ state }) => state === 'held')
  if (waiting.length >= MOST_WAITING) return tooManyRequests({ retryAfter: HOUR })
  const subject = subjectOfChange({ id, accountId, digest })
  const drawn = await drawLock({ database, hsm }, policy, { subject, holder: by.id })
  // Of two requests at once the second keeps nothing of its own, its lock neither.
  await database.transaction(async (tx) => {
    const lock = await armLock(tx, policy, drawn)
    const row = {
      id,
      accountId,
      chainName,
      digest,
      changes: [...changes],
      askedBy: by.id,
      lockId: lock.id,
      opensAt: lock.opensAt,
    }
    return (await insertChange(tx, row)) ? undefined : invalidRequest()
  })
  const change = await findLive(database, { accountId, chainName, digest })
  if (!change) throw new Error('a change was neither held nor found')
  return { kind: 'awaited' as const, change }
}
