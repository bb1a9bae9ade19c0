import { readAccountKey } from '@strongroom/proofs'
import { isShallow } from '../json-depth.ts'
import { type KeyValue, keyValues, type Ledger, type LedgerSigner, RECOVERY_ROLE } from './ledger.ts'
import type { SignerData } from './operations.ts'

/** What signatures must weigh together. */
export const THRESHOLD = 1000
/** A transaction has no room for more signatures. */
export const MOST_SIGNERS = 20
const LONGEST_DETAILS = 4096

export interface SignerRoles {
  /** That of a key which a KYC recovery let in: nobody else gives it. */
  readonly recovering: number | undefined
}

export async function signerRoles(ledger: Pick<Ledger, 'keyValue'>): Promise<SignerRoles> {
  return { recovering: numberOf(await ledger.keyValue(keyValues.recoverySignerRole)) }
}

export const numberOf = (value: KeyValue | undefined): number | undefined =>
  value && value.type !== 'string' ? value.value : undefined

export type SignerFault =
  | 'key-unusable'
  | 'weight-out-of-range'
  | 'identity-out-of-range'
  | 'role-not-allowed'
  | 'details-no-json'
  | 'key-repeated'
  | 'too-many-signers'
  | 'owners-too-light'

/** Signers of one identity count once: the heaviest of them. */
export function weightOf(signers: readonly LedgerSigner[]): number {
  const heaviest = new Map<number, number>()
  for (const { identity, weight } of signers) heaviest.set(identity, Math.max(weight, heaviest.get(identity) ?? 0))
  return [...heaviest.values()].reduce((sum, weight) => sum + weight, 0)
}

/** Whether a set of signers may be an account's: the first thing that is wrong with it. A key let in by a recovery is not of the set. */
export function judgeSigners(signers: readonly LedgerSigner[], roles: SignerRoles): SignerFault | undefined {
  for (const signer of signers) {
    const fault = judgeSigner(signer, roles)
    if (fault) return fault
  }
  if (new Set(signers.map(({ key }) => key)).size < signers.length) return 'key-repeated'
  if (signers.length > MOST_SIGNERS) return 'too-many-signers'
  return weightOf(signers.filter(({ role }) => role !== RECOVERY_ROLE)) < THRESHOLD ? 'owners-too-light' : undefined
}

export function judgeSigner(signer: LedgerSigner, { recovering }: SignerRoles): SignerFault | undefined {
  const { key, weight, role, identity, details } = signer
  // With a key of small order, a signature fits every message.
  if (!readAccountKey(key)) return 'key-unusable'
  if (!Number.isInteger(weight) || weight < 0 || weight > THRESHOLD) return 'weight-out-of-range'
  if (!Number.isSafeInteger(role) || role < 0 || role === recovering) return 'role-not-allowed'
  if (!Number.isInteger(identity) || identity < 0 || identity > 0xffff_ffff) return 'identity-out-of-range'
  return details.length <= LONGEST_DETAILS && isJson(details) ? undefined : 'details-no-json'
}

/** A role that no number holds exactly becomes one that none is. */
export const toSigner = ({ key, role, weight, identity, details }: SignerData): LedgerSigner => ({
  key,
  weight,
  role: role <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(role) : Number.NaN,
  identity,
  details,
})

/** As a transaction names it. */
export const toData = ({ role, ...signer }: LedgerSigner): SignerData => ({ ...signer, role: BigInt(role) })

/** JSON that can be shown: of another nobody could be told. */
export function isJson(text: string): boolean {
  try {
    return isShallow(JSON.parse(text))
  } catch {
    return false
  }
}
