import { allOf, endpoint, jsonApi } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { verificationRequired } from '../access/contract.ts'
import { byEmail, byPasswordAndTotp, tfaRequired } from '../factors/contract.ts'
import { transactionRejected } from '../ledger/contract.ts'
import {
  ChangedWalletGiven,
  conflict,
  fieldRefused,
  judgeIncluded,
  judgeTransaction,
  NewWalletGiven,
  notAllowed,
  notFound,
  PasswordGiven,
  RecoveryWalletGiven,
  tooManyRequests,
  TransactionGiven,
  WalletDocument,
  WalletId,
} from '../wallets/contract.ts'

const KIBIBYTE = 1024
const { givenDocument } = jsonApi
const params = z.object({ walletId: WalletId })
const nothing = z.undefined()

export const UpdateGiven = givenDocument(ChangedWalletGiven, {
  included: [PasswordGiven, TransactionGiven],
}).superRefine((given, context) => {
  judgeIncluded(given, context)
  judgeTransaction(given, context)
})

export const RecoveryGiven = givenDocument(RecoveryWalletGiven, { included: [PasswordGiven] }).superRefine(
  (given, context) => judgeIncluded(given, context),
)

/** Judged as what its type says it is: a union would tell what is wrong with neither. */
export const AnyUpdate = z
  .looseObject({ data: z.looseObject({ type: z.enum(['wallet', 'recovery-wallet']) }) })
  .transform((given, context) => {
    const shape = given.data.type === 'wallet' ? UpdateGiven : RecoveryGiven
    const judged = shape.safeParse(given)
    if (judged.success) return judged.data
    for (const { path, message } of judged.error.issues) context.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })

export const updateWallet = endpoint({
  method: 'PUT',
  path: '/wallets/:walletId',
  summary:
    'Change a wallet together with the signers of its account; or begin to recover it, by a key that an administrator has yet to approve.',
  proof: allOf({ signed: requestSignature, byOwner: byPasswordAndTotp, byMail: byEmail }),
  params,
  query: z.object({ public_ip: z.enum(['true', 'false', '']).optional() }),
  body: AnyUpdate,
  bodyLimit: 192 * KIBIBYTE,
  reply: { 200: WalletDocument },
  refusals: [
    verificationRequired,
    tfaRequired,
    notAllowed,
    notFound,
    conflict,
    fieldRefused,
    transactionRejected,
    tooManyRequests,
  ],
})

export const changeAddress = endpoint({
  method: 'POST',
  path: '/wallets/:walletId',
  summary: 'Ask for another address, and so another id; it takes effect when the new address is verified.',
  proof: byPasswordAndTotp,
  params,
  body: givenDocument(NewWalletGiven, { included: [PasswordGiven] }).superRefine((given, context) =>
    judgeIncluded(given, context),
  ),
  bodyLimit: 64 * KIBIBYTE,
  reply: { 204: nothing },
  refusals: [verificationRequired, tfaRequired, notFound, conflict, fieldRefused, tooManyRequests],
})

export const restoreWallet = endpoint({
  method: 'POST',
  path: '/wallets/:walletId/restoration',
  summary: 'Bring back what a KYC recovery replaced: by the old id, signed by a key that signs for the account still.',
  proof: requestSignature,
  params,
  reply: { 200: WalletDocument },
  refusals: [notAllowed, notFound, conflict, tooManyRequests],
})
