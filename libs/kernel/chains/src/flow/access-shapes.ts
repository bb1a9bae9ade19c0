import { z } from 'zod'

/** Numbers come as texts. */
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const identifier = z.string().regex(/^[0-9a-f]{64}$/)

export const blocks = z.array(z.object({ header: z.object({ id: identifier, height: number }) })).length(1)

export const account = z.object({
  address: z.string(),
  keys: z.array(
    z.object({
      index: number,
      public_key: z.string().regex(/^(0x)?([0-9a-f]{2}){1,200}$/i),
      // Specification and nodes differ in the underscore.
      signing_algorithm: z.string().transform((name) => name.replaceAll('_', '')),
      hashing_algorithm: z.string(),
      sequence_number: number,
      weight: number,
      revoked: z.boolean(),
    }),
  ),
})

export const result = z.object({
  block_id: z.string(),
  status: z.enum(['', 'Unknown', 'Pending', 'Finalized', 'Executed', 'Sealed', 'Expired']),
  status_code: z.int(),
  error_message: z.string(),
  events: z.array(z.object({ type: z.string(), payload: z.base64() })).nullish(),
})

export const parameters = z.object({ chain_id: z.string() })

export const sent = z.object({ id: identifier })

/** What an event of type `flow.AccountCreated` holds, in JSON-Cadence. */
export const accountCreated = z.object({
  value: z.object({
    id: z.literal('flow.AccountCreated'),
    fields: z.array(z.object({ name: z.string(), value: z.object({ type: z.string(), value: z.unknown() }) })),
  }),
})
