import { fromBase64url, fromUtf8 } from '@strongroom/crypto'
import { endpoint, type Proof, refusal } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { KeyId } from '../shares/contract.ts'
import { Timestamp, userRefusals } from '../users/contract.ts'

/** Which MPC node asks. */
export interface Node {
  readonly name: string
}

export const nodeRefused = refusal({ kind: 'node-refused', status: 401, title: 'reject' })

export const nodeSecret: Proof<Node> = {
  name: 'nodeSecret',
  scheme: { type: 'http', scheme: 'bearer', description: 'The secret of an MPC node.' },
  reads: { header: 'authorization' },
  refusals: [nodeRefused],
}

const Hex = z.string().regex(/^([0-9a-f]{2}){1,128}$/i)
const Instance = z
  .string()
  .regex(/^[0-9a-f]{64}$/i)
  .transform((text) => text.toLowerCase())
const Setup = z.record(z.string().max(128), z.array(z.string().max(8192)).max(64))
const Verdict = z.enum(['ok', 'reject'])

const hook = { method: 'POST', proof: nodeSecret, bodyLimit: 65_536, reply: { 200: Verdict }, refusals: [] } as const

export const validateKeygen = endpoint({
  ...hook,
  path: '/hooks/dkg-setup',
  summary: 'Whether a device may generate a key.',
  body: z.object({ token: Hex, setup: Setup, instance: Instance }),
})

export const noteKeyId = endpoint({
  ...hook,
  path: '/hooks/key-id',
  summary: 'The id of a key that an approved generation made.',
  body: z.object({ token: Hex, key_id: z.string().regex(/^[\w.:-]{1,128}$/), instance: Instance }),
})

export const validateSign = endpoint({
  ...hook,
  path: '/hooks/dsg-setup',
  summary: 'Whether a device may sign with a key: both are of one user, and the device is not revoked.',
  body: z.object({ token: Hex, setup: Setup, instance: Instance }),
})

/** Where a page ended: a time and an id, opaque to clients. */
const Cursor = z
  .string()
  .max(256)
  .transform((text, issues) => {
    try {
      return place.parse(JSON.parse(fromUtf8(fromBase64url(text))))
    } catch {
      issues.addIssue({ code: 'custom', message: 'is not a cursor of ours' })
      return z.NEVER
    }
  })
// A date of the database's own: one that it cannot read would be a crash.
const place = z.tuple([z.iso.datetime({ precision: 6 }).startsWith('2'), z.uuid()])

const Transaction = z.object({
  transaction_id: z.uuid(),
  type: z.enum(['keygen', 'sign']),
  status: z.enum(['approved', 'rejected', 'completed']),
  key_id: z.string().nullable(),
  device_verifying_key: z.string(),
  instance: z.string(),
  sign_alg: z.string().nullable(),
  chain_path: z.string().nullable(),
  message: z.string().nullable(),
  reject_reason: z.string().nullable(),
  created_at: Timestamp,
  completed_at: Timestamp.nullable(),
})

export const listTransactions = endpoint({
  method: 'GET',
  path: '/transactions',
  summary: 'Key generations and signatures that devices of the user asked for, newest first.',
  proof: accessToken,
  query: z.object({
    key_id: KeyId.optional(),
    type: z.enum(['keygen', 'sign']).optional(),
    status: z.enum(['approved', 'rejected', 'completed']).optional(),
    limit: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .pipe(z.int().min(1).max(100))
      .default(20),
    cursor: Cursor.optional(),
  }),
  reply: { 200: z.object({ transactions: z.array(Transaction), next_cursor: z.string().nullable() }) },
  refusals: [...userRefusals],
})
