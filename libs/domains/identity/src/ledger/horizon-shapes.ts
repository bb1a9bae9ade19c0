import { z } from 'zod'
import { isShallow } from '../json-depth.ts'
import type { KeyValue, LedgerSigner } from './ledger.ts'

// What of Horizon's answers is read; members that no shape names are ignored.

const Key = z.string().regex(/^G[A-Z2-7]{55}$/)
/** Exactly: a number that lost digits on the way would be another role. */
const Count = z.int().min(0)

const Info = z.object({ network_passphrase: z.string(), master_account_id: Key })

/** As `GET /` has it, plain, or as newer versions wrap it. */
export const InfoAnswer = z.union([
  Info,
  z.object({ data: z.object({ attributes: Info }) }).transform(({ data }) => data.attributes),
])

export const KeyValueAnswer = z
  .object({
    data: z.object({
      attributes: z.object({
        value: z.union([
          z.object({ u32: Count }).transform(({ u32 }): KeyValue => ({ type: 'u32', value: u32 })),
          z.object({ u64: Count }).transform(({ u64 }): KeyValue => ({ type: 'u64', value: u64 })),
          z.object({ str: z.string() }).transform(({ str }): KeyValue => ({ type: 'string', value: str })),
        ]),
      }),
    }),
  })
  .transform(({ data }) => data.attributes.value)

const Signer = z
  .object({
    id: Key,
    attributes: z.object({ weight: Count, identity: Count, details: z.unknown() }),
    relationships: z.object({ role: z.object({ data: z.object({ id: z.string().regex(/^\d{1,16}$/) }) }) }),
  })
  .transform(({ id, attributes: { weight, identity, details = {} }, relationships }): LedgerSigner => ({
    key: id,
    weight,
    identity,
    role: Number(relationships.role.data.id),
    details: JSON.stringify(isShallow(details) ? details : {}),
  }))

export const SignersAnswer = z.object({
  data: z.array(Signer),
  links: z.object({ next: z.string().optional() }).optional(),
})

export const SaleAnswer = z
  .object({ data: z.object({ relationships: z.object({ owner: z.object({ data: z.object({ id: Key }) }) }) }) })
  .transform(({ data }) => data.relationships.owner.data.id)

export const TransactionAnswer = z
  .object({
    data: z.object({
      id: z.string(),
      attributes: z.object({
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        ledger_sequence: Count,
        created_at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
        envelope_xdr: z.string(),
        result_xdr: z.string(),
      }),
    }),
  })
  .transform(({ data: { id, attributes } }) => ({
    id,
    hash: attributes.hash,
    sequence: attributes.ledger_sequence,
    createdAt: attributes.created_at,
    envelope: attributes.envelope_xdr,
    result: attributes.result_xdr,
  }))

const MOST = 100
const LONGEST = 500
const texts = z
  .array(z.string())
  .nullish()
  .transform((all) => (all ?? []).slice(0, MOST).map((text) => text.slice(0, LONGEST)))

const ResultCodes = z.object({ transaction: z.string().max(LONGEST), operations: texts, messages: texts })

/** Without codes: it could not read the transaction. */
export const RejectionAnswer = z
  .object({
    errors: z.tuple([z.object({ meta: z.object({ result_codes: ResultCodes.optional() }).optional() })], z.unknown()),
  })
  .transform(({ errors: [error] }) => error.meta?.result_codes)
