import { endpoint, jsonApi } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { conflict, fieldRefused, notAllowed, notFound, tooManyRequests } from '../refusals.ts'
import { EmailInQuery, WalletId } from './shapes.ts'
import { KDF_VERSION } from './wallet-shapes.ts'

export * from './account-id.ts'
export * from '../refusals.ts'
export * from './shapes.ts'
export * from './wallet-shapes.ts'

const Kdf = jsonApi.resource('kdf', {
  algorithm: z.literal('scrypt'),
  bits: z.int(),
  n: z.int(),
  r: z.int(),
  p: z.int(),
  salt: z.string().optional(),
})

const kdf = {
  method: 'GET',
  summary: 'How ids and keys are derived: of an address’s wallet, or of new wallets.',
  query: z.object({
    email: z.union([z.literal(''), EmailInQuery]).optional(),
    is_recovery: z.enum(['true', 'false', '']).optional(),
  }),
  // TokenD's JavaScript client lowers addresses for the number 2, and not for the text.
  reply: { 200: jsonApi.document(Kdf.extend({ id: z.literal(KDF_VERSION) })) },
  refusals: [notFound, tooManyRequests],
} as const

export const getKdf = endpoint({ ...kdf, path: '/kdf' })
export const getWalletsKdf = endpoint({ ...kdf, path: '/wallets/kdf' })

const params = z.object({ walletId: WalletId })
const nothing = z.undefined()

export const requestVerification = endpoint({
  method: 'POST',
  path: '/wallets/:walletId/verification',
  summary: 'Send the verification mail once more.',
  params,
  body: z.object({}).optional(),
  reply: { 204: nothing },
  refusals: [fieldRefused, notFound, tooManyRequests],
})

export const verifyWallet = endpoint({
  method: 'PUT',
  path: '/wallets/:walletId/verification',
  summary: 'Verify an address with the token that was mailed to it.',
  params,
  body: jsonApi.givenDocument(jsonApi.givenResource('wallet_verification', { token: z.string().min(1).max(512) })),
  reply: { 204: nothing },
  refusals: [fieldRefused, conflict],
})

export const deleteWallet = endpoint({
  method: 'DELETE',
  path: '/wallets/:walletId',
  summary: 'Delete a wallet with everything in it; the account stays on the ledger.',
  proof: requestSignature,
  params,
  reply: { 204: nothing },
  refusals: [notAllowed],
})
