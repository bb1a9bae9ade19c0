import { z } from 'zod'

/** Texts that could be written in one way only: the bytes that are signed follow from them. */
const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .transform(Number)
const address = z.string().regex(/^[0-9a-f]{16}$/)
const base64 = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').toString('base64') === text)
  .transform((text) => Buffer.from(text, 'base64'))

const argument = base64.transform((bytes, context) => {
  const text = bytes.toString('utf8')
  const value = parse(text)
  // What @onflow/sdk would write of it has to be what was sent, for that is what it encodes.
  if (value === undefined || JSON.stringify(value) !== text) context.addIssue('not JSON-Cadence as it is signed')
  return value
})

const signature = z.object({ address, key_index: number, signature: base64.refine(({ length }) => length === 64) })

/** A transaction as it is submitted. */
export const transactionShape = z.object({
  script: base64.transform((bytes) => bytes.toString('utf8')),
  arguments: z.array(argument),
  reference_block_id: z.string().regex(/^[0-9a-f]{64}$/),
  gas_limit: number,
  payer: address,
  proposal_key: z.object({ address, key_index: number, sequence_number: number }),
  authorizers: z.array(address),
  payload_signatures: z.array(signature),
  envelope_signatures: z.array(signature).min(1),
})

export type Transaction = z.output<typeof transactionShape>
export type Signature = z.output<typeof signature>

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
