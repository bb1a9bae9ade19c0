import { Refusal } from '@strongroom/http'
import { isContestedNow, isGenuine, readLock } from '@strongroom/time-locks'
import { takeOf } from '../accounts/caller.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { isStamped } from '../accounts/names.ts'
import { type AccountRow, findAccount } from '../accounts/store.ts'
import { invalidRequest, notFound, unsupportedChain } from '../refusals.ts'
import type { ChainName } from '../shapes.ts'
import { contestOf, holdPolicy } from '../sign/holds.ts'
import { genuineKeys, type SignDeps } from '../sign/signer.ts'
import type { RequestCaller } from '../tokens/account-token.ts'
import { type Standing, standingOn } from '../two-factor/standing.ts'
import { factsOf, signedFacts, subjectOfRecovery } from './digest.ts'
import { type Parties, partiesOf } from './judge.ts'
import { findRecoverable, type RecoveryRow } from './store.ts'

export interface Ready {
  readonly state: 'ready'
  readonly account: AccountRow
  readonly row: RecoveryRow
  readonly keys: readonly KeyRow[]
  readonly parties: Parties
  readonly standing: Standing
}

/** Before anybody says what is to be signed: whether something may be, of the caller’s own account. */
export async function readReady(deps: SignDeps, proof: RequestCaller, chainName?: ChainName) {
  const { database, chains } = deps
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const account = await findAccount(database.reading, proof.accountId)
  const row = account && (await findRecoverable(database.reading, account.id))
  if (!account || account.state === 'closed' || !row || row.chainName !== (chainName ?? row.chainName))
    return notFound()
  const chain = row.chainName === null ? undefined : chains.get(row.chainName)
  if (!chain) return unsupportedChain()
  const { transactionId } = row
  // The first answer may have been lost; and what is under way is signed by nobody a second time.
  if (transactionId !== null && !(await cameToNothing(deps, row)))
    return { state: 'sent', row, chain, transactionId } as const
  const keys = await genuineKeys(deps, account)
  const parties = partiesOf(row, keys)
  if (!parties) return invalidRequest()
  if (!(await mayBeSigned(deps, account, { row, parties })))
    return transactionId === null
      ? ({ state: 'waits', row } as const)
      : ({ state: 'sent', row, chain, transactionId } as const)
  const standing = await standingOn(deps, account, chain)
  if (standing instanceof Refusal) return standing
  const ready: Ready = { state: 'ready', account, row, keys, parties, standing }
  return ready
}

/** What was sent for it was refused, failed or can run no more: proven by what we keep of the chain, not by the row. */
export async function cameToNothing(
  { database, chains }: Pick<SignDeps, 'database' | 'chains'>,
  { chainName, transactionId }: RecoveryRow,
): Promise<boolean> {
  const chain = chainName === null ? undefined : chains.get(chainName)
  const sent = transactionId === null ? undefined : await chain?.transaction(database.reading, transactionId)
  return sent?.state === 'failed' || sent?.state === 'refused'
}

interface Judging {
  readonly row: RecoveryRow
  readonly parties: Parties
}

/** Whoever has a person’s cloud would else ask until one message is overlooked: a no counts for a month. */
async function mayBeSigned(deps: SignDeps, account: AccountRow, judging: Judging): Promise<boolean> {
  const { row, parties } = judging
  const allowed = row.state === 'held' ? await isOver(deps, judging) : await isSignedAnew(deps, account, judging)
  const contest = contestOf({ accountId: row.accountId, askedBy: parties.recoveryKey.id })
  return allowed && !(await isContestedNow(deps.database.reading, holdPolicy(deps.policies), contest))
}

/** @throws Error where the hold is not the one that the token vouches for. */
async function isOver({ database, hsm, policies }: SignDeps, { row, parties }: Judging): Promise<boolean> {
  const { recoveryKey, lockId } = parties
  const lock = await readLock(database.reading, lockId)
  if (!lock) return false
  const isOurs = lock.subject === subjectOfRecovery(row, factsOf(row, parties)) && lock.holder === recoveryKey.id
  if (!isOurs || !(await isGenuine(hsm, holdPolicy(policies), lock)))
    throw new Error('the hold of a recovery is not as we wrote it')
  return lock.open && !lock.contested
}

/** The hold was of this recovery and is over; whoever waited for it does not wait once more. For days, a few times. */
async function isSignedAnew({ hsm }: SignDeps, account: AccountRow, { row, parties }: Judging): Promise<boolean> {
  const { signed, anewUntil, mayAnew } = row
  // A device said no while it was under way.
  if (anewUntil === null || signed === null) return false
  if (!(await isStamped(hsm, account, { ...signedFacts(row, parties, anewUntil), stamp: signed })))
    throw new Error('the signature of a recovery is not as we wrote it')
  return mayAnew
}
