import { type Envelope, MOST_SIGNATURES } from '../ledger/envelope.ts'
import { type LedgerSigner, RECOVERY_ROLE } from '../ledger/ledger.ts'
import { isBy } from '../ledger/signatures.ts'
import type { SignerRoles } from '../ledger/signer-rules.ts'
import type { MultisigPolicies } from './policies.ts'

export interface SigningFacts {
  /** Who signs for the transaction's account, as the ledger says. */
  readonly signers: readonly LedgerSigner[]
  readonly roles: SignerRoles
  /** Keys that are kept here for that account. */
  readonly stored: readonly string[]
  /** `G…` */
  readonly masterAccountId: string
  /** Unix seconds. */
  readonly now: bigint
}

/** Wrong with the transaction itself, whoever asks. */
export type FormFault = 'no-operation' | 'too-many-operations' | 'operation-not-allowed' | 'account-of-another'

export type SigningFault =
  | FormFault
  /** Not of an account that keeps a key here, or not signed by its owner: told alike. */
  | 'not-allowed'
  | 'too-early'
  | 'too-late'
  | 'signed-already'
  | 'too-many-signatures'

/**
 * What a transaction is before anybody is asked about it: a few operations that are allowed, each on its own account. The rest of
 * what a key may sign needs the ledger.
 */
export function judgeForm(
  { source, operations }: Pick<Envelope, 'source' | 'operations'>,
  { purposes, mostOperations }: MultisigPolicies['multisig'],
): FormFault | undefined {
  if (operations.length === 0) return 'no-operation'
  if (operations.length > mostOperations) return 'too-many-operations'
  if (operations.some(({ body }) => !(purposes as readonly string[]).includes(body.type)))
    return 'operation-not-allowed'
  const isOwn = operations.every(
    ({ source: own = source, body }) =>
      own === source && (body.type !== 'create-kyc-recovery-request' || body.account === source),
  )
  return isOwn ? undefined : 'account-of-another'
}

/**
 * Which of the stored keys sign a transaction. Nothing is signed that an owner did not sign: a key that a recovery let in is none,
 * and no stored key vouches for another.
 */
export function maySign(
  envelope: Envelope,
  facts: SigningFacts,
  policies: MultisigPolicies['multisig'],
): { readonly keys: readonly string[] } | { readonly fault: SigningFault } {
  const fault = judgeForm(envelope, policies)
  if (fault) return { fault }
  const { signatures, hash, timeBounds, source } = envelope
  const { signers, stored, masterAccountId, now } = facts
  const signing = signers.filter(({ weight }) => weight > 0)
  const ours = signing.filter(({ key }) => stored.includes(key))
  const hasSigned = (signer: LedgerSigner) => signatures.some((one) => isBy(signer, one, hash))
  const isOwned = signing.some((signer) => isOwners(signer, facts) && hasSigned(signer))
  if (source === masterAccountId || ours.length === 0 || !isOwned) return { fault: 'not-allowed' }
  if (timeBounds.minTime > now) return { fault: 'too-early' }
  if (timeBounds.maxTime < now) return { fault: 'too-late' }
  const keys = ours.filter((signer) => !hasSigned(signer)).map(({ key }) => key)
  if (keys.length === 0) return { fault: 'signed-already' }
  return signatures.length + keys.length > MOST_SIGNATURES ? { fault: 'too-many-signatures' } : { keys }
}

const isOwners = ({ key, role }: LedgerSigner, { stored, roles }: SigningFacts): boolean =>
  role !== RECOVERY_ROLE && role !== roles.recovering && !stored.includes(key)

/** What a transaction is for: each kind of operation once. */
export const kindsOf = ({ operations }: Pick<Envelope, 'operations'>): readonly string[] => [
  ...new Set(operations.map(({ body }) => body.type)),
]
