import { isFlowChain } from '@strongroom/chains'
import { equalBytes, toHex } from '@strongroom/crypto'
import type { Statements } from '@strongroom/storage'
import { isContestedNow } from '@strongroom/time-locks'
import { isStamped, type Owner, type Stamped } from '../accounts/names.ts'
import { contestOf, holdPolicy } from './holds.ts'
import { findSpent, holdSpent, isLatest, type SpentRow } from './signed-store.ts'
import type { SignDeps } from './signer.ts'
import type { ChangePlace, ChangeRow } from './store.ts'

/** That it was consented to, and signed then: whoever writes the table makes neither another change of it nor a later one. */
export const signedFacts = (
  { id, chainName, digest }: Pick<ChangeRow, 'id' | 'chainName' | 'digest'>,
  signedAt: Date,
): Stamped => ({ kind: 'change', name: id, facts: [chainName, toHex(digest), 'signed', signedAt.toISOString()] })

/** Signed in these days, but nothing came of it, or its answer was lost: whoever waited for it does not wait once more. */
export async function findCameToNothing(
  deps: Pick<SignDeps, 'database' | 'hsm' | 'chains' | 'policies'>,
  owner: Owner,
  place: ChangePlace & { readonly message: Uint8Array },
): Promise<SpentRow | undefined> {
  const { database, hsm, policies } = deps
  const spent = await findSpent(database.reading, place)
  // The same bytes once more give nothing away.
  const isSame = spent?.message && equalBytes(spent.message, place.message)
  if (!spent || (!isSame && !(await cameToNothing(deps, spent)))) return undefined
  if (!(await isStamped(hsm, owner, { ...signedFacts(spent, spent.signedAt), stamp: spent.approval })))
    throw new Error('the signature of a change is not as we wrote it')
  // What a hold alone gave is not given anew to who was told no since.
  if (spent.approvedBy !== null) return spent
  return (await isContestedNow(database.reading, holdPolicy(policies), contestOf(spent))) ? undefined : spent
}

/** What we sent, by what we keep of it; what a client on Flow sends by itself, by what its chain proves. */
async function cameToNothing(
  { database, chains }: Pick<SignDeps, 'database' | 'chains'>,
  { chainName, transactionId, message, paid }: SpentRow,
): Promise<boolean> {
  const chain = chains.get(chainName)
  if (message) return chain !== undefined && isFlowChain(chain) && chain.cameToNothing({ message, hashes: paid })
  const sent = await chain?.transaction(database.reading, transactionId)
  return sent?.state === 'failed' || sent?.state === 'refused'
}

/** Of any number of requests at once, one is signed anew. */
export const useSpent = async (tx: Statements, { id, transactionId }: SpentRow): Promise<string | undefined> =>
  (await holdSpent(tx, id)) && (await isLatest(tx, { id, transactionId })) ? id : undefined
