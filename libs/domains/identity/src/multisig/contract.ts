import { endpoint, jsonApi, refusal } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { byHighest, tfaRequired } from '../factors/step-up.ts'
import { SubmissionGiven, TransactionResource, transactionRejected, transactionUnreadable } from '../ledger/contract.ts'
import { AccountId } from '../wallets/account-id.ts'
import { conflict, fieldRefused, notAllowed, tooManyRequests } from '../refusals.ts'

export const submissionTimedOut = refusal({
  kind: 'submission-timed-out',
  status: 408,
  title: 'The ledger did not say in time what came of the transaction.',
  details: { detail: z.literal('Tx submit is taking too long') },
})

export const createStoredSigner = endpoint({
  method: 'POST',
  path: '/integrations/multisig/accounts/:address/signers',
  summary: 'Make a key that will sign for an account beside its owner, who adds it to the account’s signers.',
  proof: requestSignature,
  params: z.object({ address: AccountId }),
  body: jsonApi.givenDocument(
    jsonApi.givenResource('signer', {
      role_id: z.int().min(0),
      weight: z.int().min(0).max(1000),
    }),
  ),
  reply: {
    200: jsonApi.document(jsonApi.resource('signer', { role_id: z.int(), weight: z.int(), identity: z.int() })),
  },
  refusals: [notAllowed, fieldRefused, conflict],
})

const submission = {
  method: 'POST',
  proof: byHighest,
  body: SubmissionGiven,
  bodyLimit: 98_304,
  reply: { 200: jsonApi.document(TransactionResource) },
  refusals: [
    notAllowed,
    tfaRequired,
    tooManyRequests,
    fieldRefused,
    transactionUnreadable,
    transactionRejected,
    submissionTimedOut,
  ],
} as const

export const submitCosigned = endpoint({
  ...submission,
  path: '/integrations/multisig/transactions',
  summary:
    'Have the stored key sign a transaction that its owner signed, and submit it; the first of the owner’s factors must be verified.',
})

/** Where clients know one address for transactions, and no Horizon has it. */
export const submitCosignedToGateway = endpoint({
  ...submission,
  path: '/transactions',
  summary: 'The same, where no Horizon stands beside this service.',
})
