import { allOf, endpoint, jsonApi } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { conflict, fieldRefused, notAllowed, notFound, tooManyRequests, WalletId } from '../wallets/contract.ts'
import { byPassword, byThatFactor, tfaRequired } from './step-up.ts'

export * from './step-up.ts'

const FactorResource = jsonApi.resource(['password', 'totp', 'email', 'phone', 'telegram'], { priority: z.int() })
const params = z.object({ walletId: WalletId })
const factorParams = params.extend({
  factorId: z
    .string()
    .regex(/^\d{1,15}$/, 'is no number')
    .transform(Number),
})
const nothing = z.undefined()

export const listFactors = endpoint({
  method: 'GET',
  path: '/wallets/:walletId/factors',
  summary: 'The factors of a wallet, the highest priority first; 0 is not enabled.',
  params,
  reply: { 200: z.object({ data: z.array(FactorResource) }) },
  refusals: [notFound, tooManyRequests],
})

export const createFactor = endpoint({
  method: 'POST',
  path: '/wallets/:walletId/factors',
  summary: 'Prepare a TOTP factor, or the wallet’s address as one; neither is enabled yet.',
  proof: allOf({ signed: requestSignature, factors: byPassword }),
  params,
  body: jsonApi.givenDocument(z.object({ type: z.enum(['totp', 'email', 'password']) })),
  reply: {
    201: jsonApi.document(
      jsonApi.resource('backend', { type: z.string(), secret: z.string().optional(), seed: z.string().optional() }),
    ),
  },
  refusals: [notAllowed, tfaRequired, notFound, conflict, tooManyRequests],
})

export const updateFactor = endpoint({
  method: 'PATCH',
  path: '/wallets/:walletId/factors/:factorId',
  summary:
    'Enable a factor, disable it, or put it before others; that factor must be verified, and the first one where another than TOTP takes its place.',
  proof: allOf({ signed: requestSignature, factors: byThatFactor }),
  params: factorParams,
  body: jsonApi.givenDocument(z.object({ attributes: z.object({ priority: z.int().min(0).max(1_000_000) }) })),
  reply: { 204: nothing },
  refusals: [notAllowed, tfaRequired, notFound, fieldRefused, tooManyRequests],
})

export const deleteFactor = endpoint({
  method: 'DELETE',
  path: '/wallets/:walletId/factors/:factorId',
  summary: 'Delete a factor; the password must be verified where it is enabled.',
  proof: allOf({ signed: requestSignature, factors: byPassword }),
  params: factorParams,
  reply: { 204: nothing },
  refusals: [notAllowed, tfaRequired, notFound, fieldRefused, tooManyRequests],
})

export const verifyFactor = endpoint({
  method: 'PUT',
  path: '/wallets/:walletId/factors/:factorId/verification',
  summary: 'Answer a demand for a factor.',
  params: factorParams,
  body: jsonApi.givenDocument(
    jsonApi.givenResource('factor_verification', {
      token: z.string().min(1).max(256),
      /** A number as TokenD’s documents show it has lost its zeros. */
      otp: z
        .union([z.string().min(1).max(256), z.int().min(0).max(999_999)])
        .transform((given) => (typeof given === 'number' ? String(given).padStart(6, '0') : given)),
    }),
  ),
  reply: { 204: nothing },
  refusals: [fieldRefused, notFound, tooManyRequests],
})
