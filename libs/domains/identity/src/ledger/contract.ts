import { endpoint, jsonApi, refusal } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { tooManyRequests } from '../refusals.ts'

// What TokenD's Horizon answers and published clients ask of it; with a Horizon beside this service, it is asked instead.

const LedgerKey = z
  .string()
  .regex(/^G[A-Z2-7]{55}$/, 'is no account key')
  .meta({ description: 'An account: `G` and 55 letters.' })

const Json = z.unknown().meta({ description: 'JSON, as its author wrote it.' })

export const ledgerNotFound = refusal({
  kind: 'ledger-not-found',
  status: 404,
  title: 'The ledger has nothing of this name.',
})

export const requestsNotAllowed = refusal({
  kind: 'requests-not-allowed',
  status: 401,
  title: 'The key may not see these requests.',
})

export const transactionUnreadable = refusal({
  kind: 'transaction-unreadable',
  status: 400,
  title: 'The transaction cannot be read.',
  details: { detail: z.literal('Your request was invalid in some way'), meta: jsonApi.FieldMeta },
})

export const transactionRejected = refusal({
  kind: 'transaction-rejected',
  status: 400,
  title: 'The ledger rejected the transaction.',
  details: {
    detail: z.literal('Tx is invalid and got rejected'),
    meta: z.object({
      result_codes: z.object({
        transaction: z.string(),
        operations: z.array(z.string()),
        messages: z.array(z.string()),
      }),
    }),
  },
})

export const getLedgerInfo = endpoint({
  method: 'GET',
  path: '/',
  summary: 'What network this is, who administers it, and what time it has there.',
  reply: {
    200: z.object({
      network_passphrase: z.string(),
      master_account_id: LedgerKey,
      tx_expiration_period: z.int().meta({ description: 'Seconds that a transaction may be valid for.' }),
      current_time: z.int().meta({ description: 'Unix seconds of the ledger.' }),
      precision: z.literal(1_000_000),
    }),
  },
  refusals: [],
})

const KeyValueResource = jsonApi.resource('key-value-entries', {
  value: z.object({
    type: z.object({ name: z.enum(['uint32', 'string', 'uint64']), value: z.literal([1, 2, 3]) }),
    u32: z.int().optional(),
    u64: z.int().optional(),
    str: z.string().optional(),
  }),
})

export const getKeyValue = endpoint({
  method: 'GET',
  path: '/v3/key_values/:key',
  summary: 'One of the ledger’s settings.',
  params: z.object({ key: z.string().max(256) }),
  reply: { 200: jsonApi.document(KeyValueResource) },
  refusals: [ledgerNotFound],
})

const SignerResource = jsonApi.resource(
  'signers',
  { weight: z.int(), identity: z.int(), details: Json },
  { role: jsonApi.toOne('signer-roles'), account: jsonApi.toOne('accounts') },
)

export const getSigners = endpoint({
  method: 'GET',
  path: '/v3/accounts/:id/signers',
  summary: 'The keys that sign for an account, all on one page.',
  params: z.object({ id: LedgerKey }),
  reply: { 200: jsonApi.listOf(SignerResource) },
  refusals: [ledgerNotFound],
})

const Submission = z.object({
  tx: z.string().min(1).max(65_536).meta({ description: 'A TransactionEnvelope: Base64 of XDR.' }),
  wait_for_ingest: z.boolean().default(false).meta({ description: 'Changes nothing: the answer is the outcome.' }),
})

/** Clients send it bare, or in a document. */
export const SubmissionGiven = z.union([Submission, z.object({ data: z.object({ attributes: Submission }) })])

const ManyOf = (type: string) => z.object({ data: z.array(jsonApi.identifier(type)) })

export const TransactionResource = jsonApi.resource(
  'transactions',
  {
    hash: z.string(),
    ledger_sequence: z.int(),
    created_at: z.iso.datetime(),
    envelope_xdr: z.string(),
    result_xdr: z.string(),
    result_meta_xdr: z.string(),
  },
  {
    operations: ManyOf('operations'),
    source: jsonApi.toOne('accounts'),
    ledger_entry_changes: ManyOf('ledger-entry-changes'),
  },
)

export const submitTransaction = endpoint({
  method: 'POST',
  path: '/v3/transactions',
  summary: 'Submit a signed transaction; the same one again has the same outcome.',
  body: SubmissionGiven,
  bodyLimit: 98_304,
  reply: { 200: jsonApi.document(TransactionResource) },
  refusals: [transactionUnreadable, transactionRejected, tooManyRequests],
})

const RequestResource = jsonApi.resource(
  'requests',
  {
    hash: z.string().meta({ description: 'What a review of this request must name.' }),
    state: z.enum(['pending', 'rejected', 'approved', 'canceled', 'permanently_rejected']),
    state_i: z.int(),
    reject_reason: z.string(),
    all_tasks: z.literal(0),
    pending_tasks: z.literal(0),
    xdr_type: z.object({ name: z.literal('kyc_recovery'), value: z.literal(18) }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  },
  {
    requestor: jsonApi.toOne('accounts'),
    reviewer: jsonApi.toOne('accounts'),
    request_details: jsonApi.toOne('request-details-kyc-recovery'),
  },
)

const RequestDetails = jsonApi.resource(
  'request-details-kyc-recovery',
  {
    creator_details: Json,
    sequence_number: z.int(),
    signers_data: z.array(
      z.object({ public_key: z.string(), role_id: z.string(), weight: z.int(), identity: z.int(), details: Json }),
    ),
  },
  { target_account: jsonApi.toOne('accounts') },
)

export const listRecoveryRequests = endpoint({
  method: 'GET',
  path: '/v3/kyc_recovery_requests',
  summary: 'What KYC recoveries ask for, newest first: of all accounts for administrators, of its own for an account.',
  proof: requestSignature,
  query: z.object({ ...jsonApi.pageQuery(), 'filter[requestor]': LedgerKey.optional() }),
  reply: { 200: jsonApi.listOf(RequestResource).extend({ included: z.array(RequestDetails) }) },
  refusals: [requestsNotAllowed],
})
