import { toUtf8 } from '@strongroom/crypto'
import { endpoint, jsonApi, optional, refusal } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { AccountId, fieldRefused, notAllowed, notFound } from '../wallets/contract.ts'

/** What blobs are for, each with its bit in masks; from `kyc_form` on they are private. */
export const blobTypes = {
  asset_description: 1,
  fund_overview: 2,
  fund_update: 4,
  nav_update: 8,
  fund_document: 16,
  alpha: 32,
  bravo: 64,
  charlie: 128,
  delta: 256,
  token_terms: 512,
  token_metrics: 1024,
  kyc_form: 2048,
  kyc_id_document: 4096,
  kyc_poa: 8192,
  identity_mind_reject: 16_384,
} as const

export type BlobType = keyof typeof blobTypes

const names = Object.keys(blobTypes) as [BlobType, ...BlobType[]]

/** Of the types that anybody reads. */
export const PUBLIC_BLOB_TYPES = 2047

export const isPrivateBlob = (type: BlobType): boolean => (blobTypes[type] & PUBLIC_BLOB_TYPES) === 0

/** UTF-8, in bytes. */
export const LARGEST_BLOB = 1_048_576
/** A text of quotes alone is twice as long in JSON. */
const bodyLimit = 2 * LARGEST_BLOB + 16_384

const MOST_TAGS = 8
const LONGEST_TAG = 512

/** JSON:API keeps two names for itself, lists are asked with the others, and the owner is told apart. */
const reserved: ReadonlySet<string> = new Set(['id', 'type', 'owner', 'page', 'limit', 'order', 'include_deleted'])

export const isBlobTag = (name: string): boolean => /^[a-z][\w-]{0,62}$/i.test(name) && !reserved.has(name)

const BlobId = z
  .string()
  .regex(/^[A-Z2-7]{52}$/, 'is no blob id')
  .meta({ description: 'Base32: of a public blob, of the SHA-256 of owner, type and value.' })

const Value = z
  .string()
  .min(1)
  .max(LARGEST_BLOB)
  .refine((text) => text.isWellFormed(), 'is no well-formed text')
  .refine((text) => text.isWellFormed() && toUtf8(text).length <= LARGEST_BLOB, 'is longer than 1 MiB')

const Related = z.object({ data: z.object({ id: jsonApi.GivenId }) })

/** Counted before each is judged: in two MiB there is room for ninety thousand, and judging them takes most of a second. */
const Relationships = z.preprocess(
  (given, context) => {
    if (typeof given !== 'object' || given === null || Object.keys(given).length <= MOST_TAGS + 1) return given
    context.addIssue({ code: 'custom', message: `has more than ${String(MOST_TAGS)} tags` })
    return z.NEVER
  },
  z
    .object({ owner: z.object({ data: z.object({ id: AccountId }) }).optional() })
    .catchall(Related)
    .refine((given) => tagNamesOf(given).every(isBlobTag), 'has a name that is no tag')
    .refine((given) => tagNamesOf(given).length <= MOST_TAGS, `has more than ${String(MOST_TAGS)} tags`)
    .meta({ description: 'The owner, and tags by which lists are filtered.' }),
)

const tagNamesOf = (given: object): readonly string[] => Object.keys(given).filter((name) => name !== 'owner')

/** Clients send an id of their own, an empty one even: it counts for nothing. */
export const BlobGiven = z.object({
  type: z.enum(names),
  attributes: z.object({ value: Value }),
  relationships: Relationships.optional(),
})
export type BlobGiven = z.output<typeof BlobGiven>

const deletedAt = z.iso
  .datetime()
  .optional()
  .meta({ description: 'Shown to administrators, and to who makes it again.' })

const Blob = jsonApi.resource(names, { value: z.string(), deleted_at: deletedAt })

const ListedBlob = jsonApi.resource(names, {
  value: z.string().optional().meta({ description: 'Left out where longer than 16 KiB: ask for the blob.' }),
  deleted_at: deletedAt,
})

export const tooManyBlobs = refusal({
  kind: 'too-many-blobs',
  status: 400,
  title: 'The account has as many blobs as it may.',
  details: { detail: z.literal('The account has as many blobs as it may') },
})

const creation = {
  method: 'POST',
  proof: requestSignature,
  body: jsonApi.givenDocument(BlobGiven),
  bodyLimit,
  reply: { 201: jsonApi.document(Blob) },
  refusals: [notAllowed, notFound, fieldRefused, tooManyBlobs],
} as const

const reading = {
  method: 'GET',
  proof: optional(requestSignature),
  reply: { 200: jsonApi.document(Blob) },
  refusals: [notAllowed, notFound],
} as const

export const createAccountBlob = endpoint({
  ...creation,
  path: '/accounts/:address/blobs',
  summary: 'Keep a text for an account, signed by its owner; the same one again has the same id.',
  params: z.object({ address: AccountId }),
})

export const getAccountBlob = endpoint({
  ...reading,
  path: '/accounts/:address/blobs/:blob',
  summary: 'Read a blob of an account: a private one as its owner or an administrator.',
  params: z.object({ address: AccountId, blob: BlobId }),
})

export const createBlob = endpoint({
  ...creation,
  path: '/blobs',
  summary: 'Keep a text for the account that it names as its owner, or, as an administrator, for anybody or nobody.',
})

export const getBlob = endpoint({
  ...reading,
  path: '/blobs/:blob',
  summary: 'Read a blob: a private one as its owner or an administrator.',
  params: z.object({ blob: BlobId }),
})

export const deleteBlob = endpoint({
  method: 'DELETE',
  path: '/blobs/:blob',
  summary: 'Hide a blob from everybody but administrators.',
  proof: requestSignature,
  params: z.object({ blob: BlobId }),
  reply: { 204: z.undefined() },
  refusals: [notAllowed, notFound],
})

export const listBlobs = endpoint({
  method: 'GET',
  path: '/accounts/:address/blobs',
  summary:
    'List the blobs of an account, newest first, private ones to its owner and administrators alone; any other parameter is a tag that they must have, `fund=12`.',
  proof: optional(requestSignature),
  params: z.object({ address: AccountId }),
  query: z
    .object({
      ...jsonApi.pageQuery(),
      type: z.coerce
        .number()
        .int()
        .min(1)
        .max(2_147_483_647)
        .optional()
        .meta({ description: 'The sum of the bits of the types that are asked for.' }),
    })
    .catchall(z.string().max(LONGEST_TAG))
    .refine((query) => blobTagsIn(query).length <= MOST_TAGS, `has more than ${String(MOST_TAGS)} tags`),
  reply: { 200: jsonApi.listOf(ListedBlob) },
  refusals: [],
})

export type BlobTag = readonly [name: string, id: string]

export const blobTagsIn = (query: Readonly<Record<string, unknown>>): readonly BlobTag[] =>
  Object.entries(query).filter((pair): pair is [string, string] => isBlobTag(pair[0]) && typeof pair[1] === 'string')
