import { endpoint, jsonApi } from '@strongroom/http/contract'
import { z } from 'zod'
import { byTotp, tfaRequired } from '../factors/contract.ts'
import {
  conflict,
  fieldRefused,
  judgeIncluded,
  NewWalletGiven,
  notFound,
  PasswordGiven,
  SignerGiven,
  tooManyRequests,
  verificationRequired,
  WalletDocument,
  WalletId,
} from '../wallets/contract.ts'

export { unverified, verificationRequired } from '../refusals.ts'

const KIBIBYTE = 1024

export const createWallet = endpoint({
  method: 'POST',
  path: '/wallets',
  summary: 'Make a wallet, its account on the ledger and a session; the address is mailed a link to verify it.',
  body: jsonApi
    .givenDocument(NewWalletGiven, { included: [PasswordGiven, SignerGiven] })
    .superRefine((given, context) => judgeIncluded(given, context)),
  bodyLimit: 64 * KIBIBYTE,
  reply: { 201: WalletDocument },
  refusals: [conflict, fieldRefused, tooManyRequests],
})

const yesOrNo = z.enum(['true', 'false', '']).optional()

export const getWallet = endpoint({
  method: 'GET',
  path: '/wallets/:walletId',
  summary: 'Open a wallet, with a new session; TOTP must be verified where it is enabled.',
  proof: byTotp,
  params: z.object({ walletId: WalletId }),
  query: z.object({
    public_ip: yesOrNo,
    location_lat: z.string().max(32).optional(),
    location_long: z.string().max(32).optional(),
  }),
  reply: { 200: WalletDocument },
  refusals: [verificationRequired, tfaRequired, notFound, tooManyRequests],
})
