import type { LedgerSigner } from './ledger.ts'
import type { RecoveryWish, Review } from './operations.ts'
import { type RecoveryRequest, requestHash } from './recovery-request.ts'
import { type Refused, refusedFor } from './rejections.ts'
import { isJson, judgeSigners, type SignerRoles, THRESHOLD, toSigner } from './signer-rules.ts'

/** A KYC recovery that has not ended. */
export interface Recovery {
  readonly id: number
  /** The key that was let in; `undefined` where an owner asks. */
  readonly signer: string | undefined
  readonly state: 'begun' | 'requested' | 'rejected'
  readonly request: RecoveryRequest | undefined
  readonly rejectReason: string | undefined
}

export type RecoveryEnd = 'approved' | 'cancelled' | 'refused'

export interface EndedRecovery extends Omit<Recovery, 'state'> {
  readonly account: string
  readonly state: RecoveryEnd
}

/** An account as it is on the ledger. */
export interface Account {
  readonly account: string
  readonly signers: readonly LedgerSigner[]
  readonly recovery: Recovery | undefined
}

export interface Changed {
  readonly account: Account
  readonly ended?: EndedRecovery
}

export interface RecoveryRules {
  readonly enabled: boolean
  readonly roles: SignerRoles
  /** Of a recovery that begins. */
  readonly newId: () => number
}

const LONGEST_CREATOR_DETAILS = 16_384
const LONGEST_REASON = 256
const NUL = '\u0000'

/** Takes the key out that a recovery let in, and the recovery with it. */
export function endRecovery(
  account: Account,
  roles: SignerRoles,
  end: { state: RecoveryEnd; reason?: string },
): Changed {
  const { recovery } = account
  const left = { ...account, signers: ownSigners(account, roles), recovery: undefined }
  if (!recovery) return { account: left }
  const { state, reason = recovery.rejectReason } = end
  return { account: left, ended: { ...recovery, account: account.account, state, rejectReason: reason } }
}

/** By its role, which nobody else has: so a key goes even where somebody took its recovery out of the table. */
export const ownSigners = ({ signers }: Account, { recovering }: SignerRoles): readonly LedgerSigner[] =>
  signers.filter(({ role }) => role !== recovering)

export const isLetIn = ({ signers }: Account, wanted: string, { recovering }: SignerRoles): boolean =>
  signers.some(({ key, role }) => key === wanted && role === recovering)

/** Lets a key in. The owners stay: they may end this, and a recovery that somebody else began takes nothing from them. */
export function beginRecovery(account: Account, signer: string, rules: RecoveryRules): Changed | Refused {
  const { recovering } = rules.roles
  if (!rules.enabled || recovering === undefined) return { code: 'op_recovery_not_allowed' }
  if (account.recovery?.signer === signer) return { account }
  const { account: left, ended } = endRecovery(account, rules.roles, { state: 'cancelled' })
  if (left.signers.some(({ key }) => key === signer)) return { code: 'op_already_exists' }
  const letIn = { key: signer, weight: THRESHOLD, role: recovering, identity: 1, details: '{}' }
  const recovery = { id: rules.newId(), signer, state: 'begun', request: undefined, rejectReason: undefined } as const
  return { account: { ...left, signers: [...left.signers, letIn], recovery }, ...(ended && { ended }) }
}

/** Asks for new signers. Tasks are not kept: whatever a request sets, an administrator reviews it. */
export function requestRecovery(account: Account, wish: RecoveryWish, rules: RecoveryRules): Changed | Refused {
  const { recovery } = account
  if (!rules.enabled) return { code: 'op_recovery_not_allowed' }
  const refused = judgeWish(wish, rules.roles)
  if (refused) return refused
  const { signers, creatorDetails } = wish
  const asked = { account: account.account, signers, creatorDetails }
  if (wish.requestId === 0n) {
    if (recovery?.request) return { code: 'op_request_already_exists' }
    const begun = recovery ?? { id: rules.newId(), signer: undefined }
    return requested(account, begun, { ...asked, sequence: 0 })
  }
  if (!recovery?.request || BigInt(recovery.id) !== wish.requestId) return { code: 'op_request_not_found' }
  return requested(account, recovery, { ...asked, sequence: recovery.request.sequence + 1 })
}

const requested = (
  account: Account,
  { id, signer }: Pick<Recovery, 'id' | 'signer'>,
  request: RecoveryRequest,
): Changed => ({
  account: { ...account, recovery: { id, signer, state: 'requested', request, rejectReason: undefined } },
})

function judgeWish(wish: RecoveryWish, roles: SignerRoles): Refused | undefined {
  const { requestId, signers, creatorDetails, allTasks } = wish
  if (requestId !== 0n && allTasks !== undefined) return { code: 'op_not_allowed_to_set_tasks_on_update' }
  if (creatorDetails.length > LONGEST_CREATOR_DETAILS || !isJson(creatorDetails))
    return { code: 'op_invalid_creator_details' }
  if (signers.length === 0) return { code: 'op_no_signer_data' }
  const fault = judgeSigners(signers.map(toSigner), roles)
  return fault && refusedFor(fault)
}

/** Approves or rejects what was asked, on the word of an administrator who has seen it. */
export function reviewRecovery(account: Account, review: Review, roles: SignerRoles): Changed | Refused {
  const { recovery } = account
  if (!recovery?.request || recovery.state !== 'requested' || BigInt(recovery.id) !== review.requestId)
    return { code: 'op_not_found' }
  if (requestHash(recovery.request) !== review.requestHash) return { code: 'op_hash_mismatched' }
  const refused = judgeReview(review)
  if (refused) return refused
  if (review.action === 'permanent-reject')
    return endRecovery(account, roles, { state: 'refused', reason: review.reason })
  if (review.action === 'reject')
    return { account: { ...account, recovery: { ...recovery, state: 'rejected', rejectReason: review.reason } } }
  const signers = recovery.request.signers.map(toSigner)
  const fault = judgeSigners(signers, roles)
  if (fault) return refusedFor(fault)
  const { ended } = endRecovery(account, roles, { state: 'approved' })
  return { account: { ...account, signers, recovery: undefined }, ...(ended && { ended }) }
}

function judgeReview({ action, reason, details }: Review): Refused | undefined {
  const { tasksToAdd, tasksToRemove, externalDetails } = details
  const isApproval = action === 'approve'
  const isSaid = reason.length > 0 && Buffer.byteLength(reason) <= LONGEST_REASON && !reason.includes(NUL)
  if (isApproval ? reason !== '' : !isSaid) return { code: 'op_invalid_reason' }
  // The published client sends an empty text where nothing was said.
  if (externalDetails !== '' && !isJson(externalDetails)) return { code: 'op_invalid_external_details' }
  if (tasksToRemove !== 0) return { code: 'op_removing_not_set_tasks' }
  // An approval that leaves something to do is none; here nothing would ever be done.
  return isApproval && tasksToAdd !== 0 ? { code: 'op_not_supported' } : undefined
}
