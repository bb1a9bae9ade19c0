import { endpoint, jsonApi } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { AccountId, fieldRefused, notAllowed, notFound, tooManyRequests } from '../wallets/contract.ts'
import { documentTypeNames } from './document-types.ts'

const ContentType = z
  .string()
  .max(100)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/, 'is no media type')
  .meta({ description: 'A media type without parameters, one of those that this type of document may have.' })

/** Any other text is no document’s key, and so a document that does not exist. */
const DocumentKey = z.string().regex(/^[\w.-]{1,128}$/, 'is no key of a document')

const DocumentGiven = z.object({
  type: z.enum(documentTypeNames),
  attributes: z.object({ content_type: ContentType }),
  relationships: z.object({ owner: z.object({ data: z.object({ id: AccountId }) }).optional() }).optional(),
})
export type DocumentGiven = z.output<typeof DocumentGiven>

const UploadPolicy = jsonApi.resource('upload_policy', {
  url: z.string().meta({ description: 'Where to post the form: all other attributes as fields, then `file`.' }),
  bucket: z.string(),
  key: z.string(),
  policy: z.string(),
  'content-type': z.string(),
  'x-amz-algorithm': z.string(),
  'x-amz-credential': z.string(),
  'x-amz-date': z.string(),
  'x-amz-signature': z.string(),
})

const DocumentUrl = jsonApi.resource('document_url', {
  url: z.string().meta({ description: 'Good for an hour, for whoever has it.' }),
})

const uploading = {
  method: 'POST',
  proof: requestSignature,
  body: jsonApi.givenDocument(DocumentGiven),
  reply: { 200: jsonApi.document(UploadPolicy) },
} as const

const reading = {
  method: 'GET',
  proof: requestSignature,
  query: z.object({
    accept: z
      .string()
      .max(100)
      .optional()
      .meta({ description: 'Media types that the caller takes: refused where the document’s is none of them.' }),
  }),
  reply: { 200: jsonApi.document(DocumentUrl) },
  refusals: [notAllowed, notFound, fieldRefused],
} as const

export const uploadAccountDocument = endpoint({
  ...uploading,
  path: '/accounts/:address/documents',
  summary: 'A form by which one file of one type gets into the store, for an account; signed by its owner.',
  params: z.object({ address: AccountId }),
  refusals: [notAllowed, notFound, fieldRefused, tooManyRequests],
})

export const getAccountDocument = endpoint({
  ...reading,
  path: '/accounts/:address/documents/:document',
  summary: 'Where a document of an account is read, for its owner or an administrator.',
  params: z.object({ address: AccountId, document: DocumentKey }),
})

export const uploadDocument = endpoint({
  ...uploading,
  path: '/documents',
  summary:
    'A form by which one file of one type gets into the store, for the account that is named as its owner, or one’s own.',
  refusals: [notAllowed, fieldRefused, tooManyRequests],
})

export const getDocument = endpoint({
  ...reading,
  path: '/documents/:document',
  summary: 'Where a document is read, for its owner or an administrator.',
  params: z.object({ document: DocumentKey }),
})
