import { equalBytes, fromHex, toHex } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
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
import { isStamped, type Owner, type Stamped, stampOf } from '../accounts/names.ts'
import { invalidRequest, tooManyRequests } from '../refusals.ts'
import type { ChainName } from '../shapes.ts'
import { readAsked } from '../two-factor/request.ts'
import { findWaiting, holdRequest } from '../two-factor/store.ts'
import { contestOf, holdPolicy, subjectOf } from './holds.ts'
import { digestOf, type SignerChange } from './rules.ts'
import type { SignDeps, Signer } from './signer.ts'
import {
  type ChangePlace,
  type ChangeRow,
  countWaiting,
  findLive,
  findSpent,
  holdSpent,
  insertChange,
  insertSigned,
  lapseChanges,
  markSigned,
  type NewChange,
} from './store.ts'

export type Consent =
  /** `use` it in the transaction in which it is signed for: the id of the change as which it is kept; none where it is gone. */
  | { readonly kind: 'given'; use(tx: Statements): Promise<string | undefined> }
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
  const { account, by } = signer
  const place = {
    accountId: account.id,
    chainName: wanted.chainName,
    digest: digestOf({ ...wanted, accountId: account.id }),
  }
  const asked = await findAskedFor(deps, signer, wanted)
  if (asked !== undefined) {
    const row = { ...place, id: asked, changes: [...wanted.changes], askedBy: by.id, lockId: asked }
    return { kind: 'given', use: (tx) => useAsked(tx, row) }
  }
  const spent = await findCameToNothing(deps, account, place)
  if (spent) return { kind: 'given', use: async (tx) => ((await holdSpent(tx, spent.id)) ? spent.id : undefined) }
  const live = await findLive(deps.database.reading, place)
  const consent = live && (await judgeLive(deps, account, live))
  if (consent === 'given' && live) {
    const stamp = await stampOf(deps.hsm, account, signedFacts(live))
    return { kind: 'given', use: (tx) => use(deps, tx, { live, by: by.id, stamp }) }
  }
  if (consent === 'awaited' && live) return { kind: 'awaited', change: live }
  if (live) await letLapse(deps, live)
  return hold(deps, signer, wanted)
}

/** What a sweep would do soon: else the change that is over would stand in the way of the next one. */
async function letLapse({ database, policies }: SignDeps, live: ChangeRow): Promise<void> {
  await lapseLocks(database, holdPolicy(policies), subjectOfChange(live))
  await lapseChanges(database)
}

/** The one key that another device waits for: the id of its request. It asked with the login; the caller signed for it. */
async function findAskedFor(deps: SignDeps, { account, by }: Signer, { chainName, changes }: Wanted) {
  const [change, ...more] = changes
  if (change?.kind !== 'add-signer' || more.length > 0) return undefined
  for (const row of await findWaiting(deps.database.reading, { accountId: account.id, chainName })) {
    const { source } = await readAsked(deps, account, row)
    if (source.id !== by.id && equalBytes(source.publicKey, fromHex(change.publicKey))) return row.id
  }
  return undefined
}

/** A deny that came first stops it. The key is looked for on the chain from now on, whatever its device says or not. */
async function useAsked(tx: Statements, row: Omit<NewChange, 'opensAt'>): Promise<string | undefined> {
  if (!(await holdRequest(tx, row.lockId))) return undefined
  await insertSigned(tx, row)
  return row.id
}

/** Signed, but what was sent came to nothing: whoever waited for it does not wait once more. */
async function findCameToNothing(deps: SignDeps, owner: Owner, place: ChangePlace): Promise<ChangeRow | undefined> {
  const { database, hsm, chains } = deps
  const spent = await findSpent(database.reading, place)
  const sent = spent && (await chains.get(spent.chainName)?.transaction(database.reading, spent.transactionId))
  if (!spent || (sent?.state !== 'failed' && sent?.state !== 'refused')) return undefined
  if (!(await isStamped(hsm, owner, { ...signedFacts(spent), stamp: spent.approval })))
    throw new Error('the signature of a change is not as we wrote it')
  return spent
}

/** That it was consented to, and signed. */
const signedFacts = ({ id, chainName, digest }: ChangeRow): Stamped => ({
  kind: 'change',
  name: id,
  facts: [chainName, toHex(digest), 'signed'],
})

/** What the token vouches for of an approval. */
export const approvalFacts = ({ id, chainName, digest, askedBy }: ChangeRow, approvedBy: string): Stamped => ({
  kind: 'change',
  name: id,
  facts: [chainName, toHex(digest), askedBy, approvedBy],
})

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
const isOver = async ({ database, policies }: SignDeps, live: ChangeRow, lock: Lock): Promise<boolean> =>
  lock.open && !lock.contested && !(await isContestedNow(database.reading, holdPolicy(policies), contestOf(live)))

async function judgeLive(deps: SignDeps, owner: Owner, live: ChangeRow): Promise<'given' | 'awaited' | 'gone'> {
  const lock = await readHold(deps, live)
  if (!lock) return 'gone'
  if (live.state === 'held') return (await isOver(deps, live, lock)) ? 'given' : 'awaited'
  const { approvedBy, approval } = live
  const isApproved =
    approvedBy !== null && (await isStamped(deps.hsm, owner, { ...approvalFacts(live, approvedBy), stamp: approval }))
  if (!isApproved) throw new Error('the approval of a change is not as we wrote it')
  return 'given'
}

async function use(
  { policies }: SignDeps,
  tx: Statements,
  { live, by, stamp }: { readonly live: ChangeRow; readonly by: string; readonly stamp: Uint8Array },
): Promise<string | undefined> {
  const { id, lockId, state } = live
  if (state !== 'held' && state !== 'approved') return undefined
  // The lock is the word of the token: a hold that was cancelled a moment ago ends here.
  if (!(await endLock(tx, holdPolicy(policies), { lockId, as: 'done' }))) return undefined
  return (await markSigned(tx, { id, by, state, stamp })) ? id : undefined
}

async function hold(deps: SignDeps, { account, by }: Signer, { chainName, changes }: Wanted) {
  const { database, hsm, policies, newId } = deps
  const policy = holdPolicy(policies)
  const [id, accountId] = [newId(), account.id]
  const digest = digestOf({ accountId, chainName, changes })
  const subject = subjectOfChange({ id, accountId, digest })
  const drawn = await drawLock({ database, hsm }, policy, { subject, holder: by.id })
  // Of two requests at once the second keeps nothing of its own, its lock neither.
  const refused = await database.transaction(async (tx) => {
    // They queue up at the account.
    await countKeys(tx, accountId)
    const waiting = await countWaiting(tx, { accountId, askedBy: by.id })
    if (waiting.count >= MOST_WAITING) return tooManyRequests({ retryAfter: HOUR })
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
  if (refused?.kind === 'too-many-requests') return refused
  const change = await findLive(database, { accountId, chainName, digest })
  if (!change) throw new Error('a change was neither held nor found')
  return { kind: 'awaited' as const, change }
}
