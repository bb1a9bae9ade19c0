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
import { ChainName, Key, Nothing, Timestamp } from '../shapes.ts'
import { evmCall, Relayed } from '../sign/contract.ts'
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

export const sendRecovery = endpoint({
  method: 'POST',
  path: '/auth/v1/recover/transaction',
  summary:
    'After the hold: what the recovery key signed to let the new key in is signed by the server as well, and sent.',
  proof: requestToken,
  body: z.object(evmCall),
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
  summary: 'Cancel a recovery that waits, from any device of the account; the new key is revoked.',
  proof: accountToken,
  params: z.object({ id: z.uuid() }),
  reply: { 204: Nothing },
  refusals: [notFound, forbidden, invalidRequest, tooManyRequests],
})

export const registerRecoveryKey = endpoint({
  method: 'POST',
  path: '/key/v1/recovery',
  summary: 'Tell the public half of a recovery key; it counts once the account’s chain was told, too.',
  proof: accountToken,
  body: z.object({
    recoveryKey: z.object({ publicKey: PublicKey, cloudKey: z.object({ accountName: z.string().min(1).max(200) }) }),
  }),
  reply: { 200: z.object({ keys: z.array(Key) }) },
  refusals: [forbidden, invalidRequest, tooManyRequests],
})
