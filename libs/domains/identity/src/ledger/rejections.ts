import type { Rejected } from './ledger.ts'
import type { SignerFault } from './signer-rules.ts'
import type { FaultReason } from './xdr.ts'

/** As Horizon names TokenD's results. */
const transactionSentences = {
  tx_failed: 'An operation failed: none is applied.',
  tx_too_early: 'The transaction is not valid yet.',
  tx_too_late: 'The transaction is valid no more, or would be for longer than transactions may be.',
  tx_missing_operation: 'The transaction has no operation.',
  tx_bad_auth: 'The signatures are not those of enough of the account’s signers, on this network.',
  tx_bad_auth_extra: 'A signature is not needed.',
  tx_no_account: 'There is no such account.',
} as const

export type TransactionCode = keyof typeof transactionSentences

const operationSentences = {
  op_success: 'The operation is good.',
  op_skipped: 'An operation before this one failed.',
  op_not_supported: 'This ledger has no such operation.',
  op_not_allowed: 'The account may not do this.',
  op_no_entry: 'There is no such account.',
  op_already_exists: 'The account has a signer with this key.',
  op_not_found: 'There is nothing of this name.',
  op_no_such_role: 'The role cannot be given.',
  op_invalid_weight: 'A weight is 1000 at most.',
  op_invalid_details: 'The details are no JSON, too long, or nested too deep.',
  op_invalid_signer_data: 'The signers cannot be those of an account.',
  op_recovery_not_allowed: 'KYC recovery is switched off.',
  op_invalid_creator_details: 'The details of the request are no JSON, too long, or nested too deep.',
  op_no_signer_data: 'The request names no signers.',
  op_signer_duplication: 'The request names a signer twice.',
  op_request_already_exists: 'The account has a request that waits.',
  op_request_not_found: 'There is no such request.',
  op_not_allowed_to_set_tasks_on_update: 'Tasks are set with a new request alone.',
  op_hash_mismatched: 'The request is not the one that was reviewed.',
  op_invalid_reason: 'A rejection has a reason of 256 bytes at most, and an approval none.',
  op_invalid_external_details: 'The details of the review are no JSON, or nested too deep.',
  op_removing_not_set_tasks: 'The request has no such task.',
} as const

export type OperationCode = keyof typeof operationSentences

/** In what an operation does not do: nothing was changed. */
export interface Refused {
  readonly code: OperationCode
  /** Where the code alone says too little. */
  readonly sentence?: string
}

export const rejected = (code: Exclude<TransactionCode, 'tx_failed'>): Rejected => ({
  outcome: 'rejected',
  transactionCode: code,
  operationCodes: [],
  messages: [transactionSentences[code]],
})

/** Of `count` operations the one at `index` failed. */
export function failedAt(index: number, count: number, { code, sentence }: Refused): Rejected {
  const codes = Array.from({ length: count }, (_, at) => (at < index ? 'op_success' : 'op_skipped') as OperationCode)
  codes[index] = code
  const messages = codes.map((one) => operationSentences[one])
  if (sentence !== undefined) messages[index] = sentence as (typeof messages)[number]
  return { outcome: 'rejected', transactionCode: 'tx_failed', operationCodes: codes, messages }
}

/** What could not be read is no transaction that Horizon has a code for; Stellar's is `tx_malformed`. */
export const malformed = (reason: FaultReason): Rejected => ({
  outcome: 'rejected',
  transactionCode: MALFORMED,
  operationCodes: [],
  messages: [reason],
})

export const MALFORMED = 'tx_malformed'

const bySignerFault: Readonly<Record<SignerFault, Refused>> = {
  'key-unusable': { code: 'op_invalid_signer_data', sentence: 'The key is none that signatures can be checked with.' },
  'weight-out-of-range': { code: 'op_invalid_weight' },
  'identity-out-of-range': { code: 'op_invalid_signer_data' },
  'role-not-allowed': { code: 'op_no_such_role' },
  'details-no-json': { code: 'op_invalid_details' },
  'key-repeated': { code: 'op_signer_duplication' },
  'too-many-signers': { code: 'op_not_allowed', sentence: 'An account has 20 signers at most.' },
  'owners-too-light': {
    code: 'op_not_allowed',
    sentence: 'The account would be left without owners that weigh 1000 together.',
  },
}

export const refusedFor = (fault: SignerFault): Refused => bySignerFault[fault]
