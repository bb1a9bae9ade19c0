import { equalBytes, fromHex, toHex } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { endLock } from '@strongroom/time-locks'
import { isStamped, type Stamped, stampOf } from '../accounts/names.ts'
import { readAsked } from '../two-factor/request.ts'
import { findWaiting, holdRequest } from '../two-factor/store.ts'
import { dropHold, holdChange, isOver, letLapse, readHold, type Wanted } from './change-hold.ts'
import { holdPolicy } from './holds.ts'
import { digestOf } from './rules.ts'
import { findCameToNothing, signedFacts, useSpent } from './signed-anew.ts'
import { drawSigning, insertSigned, markSigned } from './signed-store.ts'
import { isUserKey, type SignDeps, type Signer } from './signer.ts'
import { type ChangeRow, findLive, type NewChange } from './store.ts'

export type { Wanted } from './change-hold.ts'

export type Consent =
  /** `use` it in the transaction in which it is signed for: the id of the change as which it is kept; none where it is gone. */
  | { readonly kind: 'given'; use(tx: Statements): Promise<string | undefined> }
  | { readonly kind: 'awaited'; readonly change: ChangeRow }

/**
 * Whether a change of signers may be signed for now: it is what another device asked for by two-factor, or another key
 * approved it, or its hold is over. If none of these, it is held from now on, and every device told.
 */
export async function consentTo(
  deps: SignDeps,
  signer: Signer,
  wanted: Wanted & { readonly message: Uint8Array },
): Promise<Consent | Refusal<'too-many-requests'> | Refusal<'invalid-request'>> {
  const { account, by } = signer
  const { chainName, changes } = wanted
  const digest = digestOf({ accountId: account.id, chainName, changes })
  const place = { accountId: account.id, chainName, digest }
  const asked = await findAskedFor(deps, signer, wanted)
  if (asked !== undefined) {
    const row = { ...place, id: asked, changes: [...changes], askedBy: by.id, lockId: asked }
    return { kind: 'given', use: (tx) => useAsked(tx, row) }
  }
  const spent = await findCameToNothing(deps, account, { ...place, message: wanted.message })
  if (spent && isBehind(signer, spent)) return { kind: 'given', use: (tx) => useSpent(tx, spent) }
  const live = await findLive(deps.database.reading, place)
  const judged = live ? await judgeLive(deps, signer, live) : 'gone'
  if (live && judged === 'given') return { kind: 'given', use: await useOf(deps, signer, live) }
  if (live && judged === 'awaited') return { kind: 'awaited', change: live }
  if (live && judged === 'gone') await letLapse(deps, live)
  if (live && judged === 'orphaned') await dropHold(deps, { ...live, by: by.id })
  const held = await holdChange(deps, signer, wanted)
  return 'id' in held ? { kind: 'awaited', change: held } : held
}

/** The one key that another device waits for: the id of its request. It asked with the login; the caller signed for it. */
async function findAskedFor(deps: SignDeps, { account, by }: Signer, { chainName, changes }: Wanted) {
  const [change, ...more] = changes
  if (change?.kind !== 'add-signer' || more.length > 0) return undefined
  for (const row of await findWaiting(deps.database.reading, { accountId: account.id, chainName })) {
    const source = (await readAsked(deps, account, row))?.source
    if (source && source.id !== by.id && equalBytes(source.publicKey, fromHex(change.publicKey))) return row.id
  }
  return undefined
}

/** A deny that came first stops it. The key is looked for on the chain from now on, whatever its device says or not. */
async function useAsked(tx: Statements, row: Omit<NewChange, 'opensAt'>): Promise<string | undefined> {
  if (!(await holdRequest(tx, row.lockId))) return undefined
  await insertSigned(tx, row)
  return row.id
}

/** What the token vouches for of an approval. */
export const approvalFacts = ({ id, chainName, digest, askedBy }: ChangeRow, approvedBy: string): Stamped => ({
  kind: 'change',
  name: id,
  facts: [chainName, toHex(digest), askedBy, approvedBy],
})

/** What a key asked for, or approved, counts for nothing once the key does: it may have been taken from a thief. */
const isBehind = ({ keys }: Signer, { approvedBy, askedBy }: Pick<ChangeRow, 'approvedBy' | 'askedBy'>): boolean =>
  keys.some((key) => key.id === (approvedBy ?? askedBy) && isUserKey(key))

async function judgeLive(
  deps: SignDeps,
  signer: Signer,
  live: ChangeRow,
): Promise<'given' | 'awaited' | 'gone' | 'orphaned'> {
  const lock = await readHold(deps, live)
  if (!lock) return 'gone'
  if (live.state === 'approved') {
    const { approvedBy, approval } = live
    const facts = approvedBy !== null && approvalFacts(live, approvedBy)
    if (!facts || !(await isStamped(deps.hsm, signer.account, { ...facts, stamp: approval })))
      throw new Error('the approval of a change is not as we wrote it')
  }
  if (!isBehind(signer, live)) return 'orphaned'
  return live.state === 'approved' || (await isOver(deps, live, lock)) ? 'given' : 'awaited'
}

/** Stamped before the transaction, which asks no token. */
async function useOf({ database, hsm, policies }: SignDeps, { account, by }: Signer, live: ChangeRow) {
  const { id, lockId, state } = live
  const signedAt = await drawSigning(database.reading)
  const stamp = await stampOf(hsm, account, signedFacts(live, signedAt))
  return async (tx: Statements): Promise<string | undefined> => {
    if (state !== 'held' && state !== 'approved') return undefined
    // The lock is the word of the token: a hold that was cancelled a moment ago ends here.
    if (!(await endLock(tx, holdPolicy(policies), { lockId, as: 'done' }))) return undefined
    return (await markSigned(tx, { id, by: by.id, state, stamp, signedAt })) ? id : undefined
  }
}
