import type { Envelope } from './envelope.ts'
import type { LedgerSigner, Rejected } from './ledger.ts'
import type { Operation, OperationBody, SignerChange } from './operations.ts'
import {
  type Account,
  beginRecovery,
  type Changed,
  type EndedRecovery,
  endRecovery,
  isLetIn,
  ownSigners,
  type RecoveryRules,
  requestRecovery,
  reviewRecovery,
} from './recoveries.ts'
import { failedAt, type Refused, refusedFor, rejected } from './rejections.ts'
import type { OperationResult } from './results.ts'
import { judgeSignatures, maySign } from './signatures.ts'
import { judgeSigner, judgeSigners, toSigner } from './signer-rules.ts'

/** The accounts that a transaction names, as they are; those that it changed, as they become. */
export type Accounts = ReadonlyMap<string, Account>

export interface Rules extends RecoveryRules {
  /** Its signers are configured: no transaction changes them. */
  readonly masterAccountId: string
  readonly administrators: readonly LedgerSigner[]
}

export interface Outcome {
  readonly accounts: Accounts
  readonly ended: readonly EndedRecovery[]
  readonly results: readonly OperationResult[]
}

/** Longer than TokenD's clients ask for, as on TokenD: a transaction that was signed and lost is good for a week at most. */
export const LONGEST_VALIDITY = 604_800n

/** What a transaction comes to, in the order in which TokenD judges: its form, its time, its signatures, its operations. */
export function judgeTransaction(
  envelope: Envelope,
  { accounts, now }: { accounts: Accounts; now: bigint },
  rules: Rules,
): Outcome | Rejected {
  const { source, timeBounds, operations } = envelope
  if (operations.length === 0) return rejected('tx_missing_operation')
  if (timeBounds.minTime > now) return rejected('tx_too_early')
  if (timeBounds.maxTime < now || timeBounds.maxTime - now > LONGEST_VALIDITY) return rejected('tx_too_late')
  const signers = source === rules.masterAccountId ? rules.administrators : accounts.get(source)?.signers
  if (!signers) return rejected('tx_no_account')
  // The signatures of one account never move another.
  if (operations.some((one) => (one.source ?? source) !== source)) return rejected('tx_bad_auth')
  const types = operations.map(({ body }) => body.type)
  const judged = judgeSignatures(
    envelope,
    signers.filter((signer) => maySign(signer, types, rules.roles)),
  )
  return judged === 'enough' ? applyAll(operations, { source, accounts }, rules) : rejected(judged)
}

interface Before {
  readonly source: string
  readonly accounts: Accounts
}

function applyAll(operations: readonly Operation[], { source, accounts }: Before, rules: Rules): Outcome | Rejected {
  const now = new Map(accounts)
  const ended: EndedRecovery[] = []
  const results: OperationResult[] = []
  for (const [index, { body }] of operations.entries()) {
    const applied = applyOne(body, { source, accounts: now }, rules)
    if ('code' in applied) return failedAt(index, operations.length, applied)
    now.set(applied.account.account, applied.account)
    if (applied.ended) ended.push(applied.ended)
    results.push(resultOf(body, applied))
  }
  // Only now: clients add the new signer first and remove the old ones after it.
  const left = now.get(source)
  const fault =
    left && left.signers !== accounts.get(source)?.signers && judgeSigners(ownSigners(left, rules.roles), rules.roles)
  return fault
    ? failedAt(operations.length - 1, operations.length, refusedFor(fault))
    : { accounts: now, ended, results }
}

function applyOne(body: OperationBody, { source, accounts }: Before, rules: Rules): Changed | Refused {
  const isMaster = source === rules.masterAccountId
  // Whatever stands in the database of the master account, its signers are not there.
  const account = isMaster ? undefined : accounts.get(source)
  switch (body.type) {
    case 'create-account':
    case 'payment':
      return { code: 'op_not_supported' }
    case 'manage-signer':
      return account ? changeSigner(account, body.change, rules) : { code: 'op_not_allowed' }
    case 'create-kyc-recovery-request':
      return account && body.account === source ? requestRecovery(account, body, rules) : { code: 'op_not_allowed' }
    case 'initiate-kyc-recovery': {
      const target = body.account === rules.masterAccountId ? undefined : accounts.get(body.account)
      if (!isMaster) return { code: 'op_not_allowed' }
      return target ? beginRecovery(target, body.signer, rules) : { code: 'op_no_entry' }
    }
    case 'review-request': {
      const target = [...accounts.values()].find(({ recovery }) => BigInt(recovery?.id ?? -1) === body.requestId)
      // To anybody else the request does not exist.
      return isMaster && target ? reviewRecovery(target, body, rules.roles) : { code: 'op_not_found' }
    }
  }
}

function changeSigner(account: Account, change: SignerChange, { roles }: Rules): Changed | Refused {
  const key = change.action === 'remove' ? change.key : change.signer.key
  const isThere = account.signers.some((one) => one.key === key)
  if (change.action === 'create' && isThere) return { code: 'op_already_exists' }
  if (change.action !== 'create' && !isThere) return { code: 'op_not_found' }
  const others = account.signers.filter((one) => one.key !== key)
  const letIn = isLetIn(account, key, roles)
  if (change.action === 'remove' && letIn) return endRecovery(account, roles, { state: 'cancelled' })
  if (change.action === 'remove') return { account: { ...account, signers: others } }
  if (letIn) return { code: 'op_not_allowed', sentence: 'The key was let in by a KYC recovery.' }
  const signer = toSigner(change.signer)
  const fault = judgeSigner(signer, roles)
  return fault ? refusedFor(fault) : { account: { ...account, signers: [...others, signer] } }
}

function resultOf({ type }: OperationBody, { account, ended }: Changed): OperationResult {
  if (type === 'create-kyc-recovery-request') return { type, requestId: account.recovery?.id ?? 0 }
  if (type === 'review-request') return { type, fulfilled: ended?.state === 'approved' }
  return { type: type === 'initiate-kyc-recovery' ? type : 'manage-signer' }
}
