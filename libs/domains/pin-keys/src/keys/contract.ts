import { endpoint, refusal } from '@strongroom/http/contract'
import { applicationKey, basicPin, Pin } from '@strongroom/proofs/contract'
import { z } from 'zod'

const KeyId = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  .meta({ description: 'The id that creating the key answered.', example: '36e6b967-eeeb-4b54-818b-13331416c9f4' })
const EncryptionKey = z
  .string()
  .meta({ description: '32 random bytes in base64.', example: 'kjXCstWMW3ed3zBTU3sDg/XyPxPkbaz3yVfB9bP+w7A=' })
const Delay = z.string().meta({ description: 'When to come back, ISO 8601.', example: '2026-12-16T13:56:45.848Z' })
const Success = z.object({ message: z.literal('Success') })

/** Unknown key or wrong PIN: nobody is told which. */
export const invalidParams = refusal({ kind: 'invalid-params', status: 404, title: 'Invalid params' })
export const rateLimited = refusal({
  kind: 'rate-limited',
  status: 429,
  title: 'Rate limit until',
  details: { delay: Delay },
})

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
