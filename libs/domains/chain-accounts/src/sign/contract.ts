import { endpoint } from '@strongroom/http/contract'
import { PasskeyAssertion } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { PublicKey, Signature } from '../public-key.ts'
import {
  chainUnavailable,
  forbidden,
  invalidRequest,
  invalidSignature,
  notFound,
  pleaseDeploy,
  tooManyRequests,
  unsupportedChain,
} from '../refusals.ts'
import { ChainName, Nothing, Timestamp } from '../shapes.ts'
import { accountToken, anyToken } from '../tokens/account-token.ts'

const Hex = z.string()

/** A change of an account’s signers that waits: for another key of the account, or for its hold to be over. */
export const Change = z.object({
  id: z.uuid(),
  chainName: ChainName,
  changes: z.array(z.object({ kind: z.enum(['add-signer', 'remove-signer']), publicKey: Hex })),
  digest: Hex.meta({
    description:
      'SHA-256 of this change, in hex: an approving device signs “approve:” and this text, a passkey the SHA-256 of that.',
  }),
  askedBy: z.string().meta({ description: 'Public key of the device that asked.' }),
  state: z.enum(['held', 'approved', 'signed', 'cancelled', 'lapsed']),
  opensAt: Timestamp.meta({ description: 'When it is signed without anybody’s approval.' }),
  createdAt: Timestamp,
})
export type Change = z.input<typeof Change>

const held = z
  .object({ change: Change })
  .meta({ description: 'Not signed yet: ask again when it is approved or open.' })
const params = z.object({ id: z.uuid() })

/** What every wish to be signed for may be refused with. */
const signRefusals = [
  unsupportedChain,
  pleaseDeploy,
  invalidRequest,
  forbidden,
  tooManyRequests,
  chainUnavailable,
] as const

export const SignatureBy = z.union([
  z.strictObject({ publicKey: PublicKey, signature: Signature }),
  z.strictObject({ publicKey: PublicKey, passKey: PasskeyAssertion }),
])
export type SignatureBy = z.output<typeof SignatureBy>

/** What an account is to do on EVM: typed data as it was signed. */
export const evmCall = {
  chainName: ChainName.optional(),
  call: z.record(z.string(), z.unknown()).meta({ description: 'The typed data that was signed, as `{"evm":…}`.' }),
  deadline: z.int().optional().meta({ description: 'Seconds since 1970; where it is told, that of the typed data.' }),
  signatures: z.array(SignatureBy).min(1).max(4),
}

export const Relayed = z.object({
  id: z.string(),
  chainName: ChainName,
  state: z.enum(['queued', 'sent', 'succeeded', 'failed', 'refused']),
  txId: z.string().nullable(),
  refUrl: z.string().nullable(),
})
export type Relayed = z.input<typeof Relayed>

export const getPayer = endpoint({
  method: 'GET',
  path: '/sign/v1/cadence',
  summary: 'Who pays for transactions on Flow.',
  proof: anyToken,
  reply: { 200: z.object({ payerAddress: z.string(), payerKeyIndex: z.int() }) },
  refusals: [unsupportedChain, tooManyRequests],
})

const message = z.object({
  message: z
    .string()
    .regex(/^([0-9a-f]{2})+$/i)
    .max(65_536),
})
const cadenceSignature = z.object({ signature: z.object({ addr: z.string(), keyId: z.int(), signature: Hex }) })

export const signCadence = endpoint({
  method: 'POST',
  path: '/sign/v1/cadence/transaction',
  summary: 'Sign a transaction of the caller’s own account on Flow with the server’s key.',
  proof: accountToken,
  body: message,
  bodyLimit: 131_072,
  reply: { 200: cadenceSignature, 202: held },
  refusals: [...signRefusals],
})

export const signAsPayer = endpoint({
  method: 'POST',
  path: '/sign/v1/cadence/transaction/paymaster',
  summary: 'Pay for a transaction of the caller’s own account on Flow.',
  proof: accountToken,
  body: message,
  bodyLimit: 131_072,
  reply: { 200: cadenceSignature },
  refusals: [...signRefusals],
})

export const signEvm = endpoint({
  method: 'POST',
  path: '/sign/v1/evm/transaction',
  summary: 'Add the server’s signature to what a device signed for the caller’s own account, and send it at our cost.',
  proof: accountToken,
  body: z.object(evmCall),
  bodyLimit: 131_072,
  reply: { 200: z.object({ transaction: Relayed }), 202: held },
  refusals: [...signRefusals, invalidSignature],
})

export const getRelayed = endpoint({
  method: 'GET',
  path: '/sign/v1/evm/transaction/:id',
  summary: 'How a transaction that was sent for the caller’s account stands.',
  proof: accountToken,
  params: z.object({ id: z.string().regex(/^[\w-]{1,64}$/) }),
  reply: { 200: z.object({ transaction: Relayed }) },
  refusals: [notFound, tooManyRequests],
})

export const DescribedChange = z.strictObject({
  kind: z.enum(['add-signer', 'remove-signer']),
  publicKey: PublicKey.meta({
    description: 'To be added: one that the account told of. To be removed: whoever stands.',
  }),
})
export type DescribedChange = z.output<typeof DescribedChange>

/** As a two-factor request tells it. */
export const Described = z.object({
  chainName: ChainName,
  message: z.string().meta({
    description:
      'JSON text of what is to be signed: `{"evm":…}`, typed data for an hour, or `{"cadence":…}`, a script. Whoever signs reads it first.',
  }),
})

export const describeChange = endpoint({
  method: 'POST',
  path: '/sign/v1/changes/describe',
  summary: 'Have a change of the account’s signers described as the chain takes it now, for a client without a node.',
  proof: accountToken,
  body: z.object({ chainName: ChainName.optional(), change: DescribedChange }),
  reply: { 200: Described },
  refusals: [...signRefusals],
})

export const listChanges = endpoint({
  method: 'GET',
  path: '/sign/v1/changes',
  summary:
    'Changes of the account’s signers of the last month: what waits, then what became of the others, each newest first.',
  proof: accountToken,
  reply: { 200: z.object({ changes: z.array(Change) }) },
  refusals: [tooManyRequests],
})

export const approveChange = endpoint({
  method: 'POST',
  path: '/sign/v1/changes/:id/approve',
  summary: 'Approve a change that another device asked for: “approve:” and its digest, signed by this device’s key.',
  proof: accountToken,
  params,
  body: z.object({ approval: SignatureBy }),
  reply: { 200: z.object({ change: Change }) },
  refusals: [notFound, forbidden, invalidRequest, invalidSignature, tooManyRequests],
})

export const cancelChange = endpoint({
  method: 'DELETE',
  path: '/sign/v1/changes/:id',
  summary: 'Cancel a change that waits, from any device of the account.',
  proof: accountToken,
  params,
  reply: { 204: Nothing },
  refusals: [notFound, forbidden, invalidRequest, tooManyRequests],
})
