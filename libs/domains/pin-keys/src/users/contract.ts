import { endpoint, refusal } from '@strongroom/http/contract'
import { basicPin } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { invalidParams, KeyId, rateLimited, Success } from '../pins/contract.ts'
import { UserId } from './user-id.ts'

export const userExists = refusal({ kind: 'user-exists', status: 409, title: 'User id already exists' })

export const createUser = endpoint({
  method: 'POST',
  path: '/v2/key/:keyId/user',
  summary: 'Add an e-mail address or phone number that may reset the PIN, and send it a code.',
  proof: basicPin,
  params: z.object({ keyId: KeyId }),
  body: z.object({ userId: UserId }),
  reply: { 201: Success },
  refusals: [invalidParams, rateLimited, userExists],
})

export const removeUser = endpoint({
  method: 'DELETE',
  path: '/v2/key/:keyId/user/:userId',
  summary: 'Remove an e-mail address or phone number.',
  proof: basicPin,
  params: z.object({ keyId: KeyId, userId: UserId }),
  reply: { 200: Success },
  refusals: [invalidParams, rateLimited],
})
