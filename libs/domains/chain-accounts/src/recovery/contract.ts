import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { PublicKey } from '../public-key.ts'
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
import { ChainName, Key, Nothing, Timestamp, Words } from '../shapes.ts'
import { Described, evmCall, Relayed, SignatureBy } from '../sign/contract.ts'
import { accountToken, requestToken } from '../tokens/account-token.ts'

export const Recovery = z.object({
  id: z.uuid(),
  state: z.enum(['open', 'held', 'done', 'cancelled', 'expired']),
  chainName: ChainName.nullable(),
  newKey: z.string().nullable().meta({ description: 'Public key of the device that is to be let in.' }),
  opensAt: Timestamp.nullable().meta({ description: 'When the new key can be added.' }),
  requestedAt: Timestamp,
})
export type Recovery = z.input<typeof Recovery>

export const askRecovery = endpoint({
  method: 'POST',
  path: '/auth/v1/recover',
  summary:
    'Ask to recover the account: for a quarter of an hour its recovery key is believed, and every device is told.',
  proof: requestToken,
  reply: { 204: Nothing },
  refusals: [],
})

/** What an account is to do on Flow: the payload of a transaction, which its recovery key proposes, and signed. */
const cadenceCall = {
  chainName: ChainName.optional(),
  message: z
    .string()
    .regex(/^([0-9a-f]{2})+$/i)
    .max(65_536)
    .meta({ description: 'Domain tag and RLP of the payload, in hex.' }),
  signatures: z.array(SignatureBy).min(1).max(1),
}

export const sendRecovery = endpoint({
  method: 'POST',
  path: '/auth/v1/recover/transaction',
  summary:
    'After the hold: what the recovery key signed to let the new key in is signed by the server as well, and sent; once more, where it came to nothing.',
  proof: requestToken,
  body: z.union([z.object(evmCall), z.object(cadenceCall)]),
  bodyLimit: 131_072,
  reply: { 200: z.object({ transaction: Relayed }), 202: z.object({ recovery: Recovery }) },
  refusals: [
    unsupportedChain,
    pleaseDeploy,
    notFound,
    invalidRequest,
    forbidden,
    invalidSignature,
    tooManyRequests,
    chainUnavailable,
  ],
})

export const describeRecovery = endpoint({
  method: 'GET',
  path: '/auth/v1/recover/transaction',
  summary: 'After the hold: what the recovery key is to sign to let the new key in, as the chain takes it now.',
  proof: requestToken,
  query: z.object({
    lost: PublicKey.optional().meta({ description: 'Of a device that goes in the same transaction; not on Flow.' }),
  }),
  reply: { 200: Described, 202: z.object({ recovery: Recovery }) },
  refusals: [unsupportedChain, pleaseDeploy, notFound, invalidRequest, forbidden, tooManyRequests, chainUnavailable],
})

export const listRecoveries = endpoint({
  method: 'GET',
  path: '/auth/v1/recover',
  summary: 'Recoveries of the account of the last month, newest first.',
  proof: accountToken,
  reply: { 200: z.object({ recoveries: z.array(Recovery) }) },
  refusals: [tooManyRequests],
})

export const cancelRecovery = endpoint({
  method: 'DELETE',
  path: '/auth/v1/recover/:id',
  summary:
    'Cancel a recovery that waits, from any device of the account; the new key is revoked. What is under way may happen, and is not signed anew.',
  proof: accountToken,
  params: z.object({ id: z.uuid() }),
  reply: { 204: Nothing },
  refusals: [notFound, forbidden, invalidRequest, tooManyRequests],
})

export const registerRecoveryKey = endpoint({
  method: 'POST',
  path: '/key/v1/recovery',
  summary:
    'Tell the public half of a recovery key; it counts once the account’s chain was told, too, and is forgotten after a day in which nobody asked for that.',
  proof: accountToken,
  body: z.object({
    recoveryKey: z.object({ publicKey: PublicKey, cloudKey: z.object({ accountName: Words }) }),
  }),
  reply: { 200: z.object({ keys: z.array(Key) }) },
  refusals: [forbidden, invalidRequest, tooManyRequests],
})
