import { endpoint } from '@strongroom/http/contract'
import { applicationKey, basicPin, Pin } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { invalidParams, KeyId, rateLimited, Success } from '../pins/contract.ts'

const EncryptionKey = z
  .string()
  .meta({ description: '32 random bytes in base64.', example: 'kjXCstWMW3ed3zBTU3sDg/XyPxPkbaz3yVfB9bP+w7A=' })

export const createKey = endpoint({
  method: 'POST',
  path: '/v2/key',
  summary: 'Make an encryption key inside the HSM and lock it with a PIN.',
  proof: applicationKey,
  body: z.object({ pin: Pin }),
  reply: { 201: z.object({ id: KeyId }) },
  refusals: [rateLimited],
})

export const openKey = endpoint({
  method: 'GET',
  path: '/v2/key/:keyId',
  summary: 'Release the encryption key to whoever knows its PIN.',
  proof: basicPin,
  params: z.object({ keyId: KeyId }),
  reply: { 200: z.object({ id: KeyId, encryptionKey: EncryptionKey }) },
  refusals: [invalidParams, rateLimited],
})

export const changePin = endpoint({
  method: 'PUT',
  path: '/v2/key/:keyId',
  summary: 'Lock the key with another PIN.',
  proof: basicPin,
  params: z.object({ keyId: KeyId }),
  body: z.object({ newPin: Pin }),
  reply: { 200: Success },
  refusals: [invalidParams, rateLimited],
})

export const eraseKey = endpoint({
  method: 'DELETE',
  path: '/v2/key/:keyId',
  summary: 'Erase the key, for good.',
  proof: basicPin,
  params: z.object({ keyId: KeyId }),
  reply: { 200: Success },
  refusals: [invalidParams, rateLimited],
})
