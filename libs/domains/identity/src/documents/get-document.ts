import { recordEvent } from '@strongroom/audit'
import { implement, reply } from '@strongroom/http'
import { isAdmin, isOwner } from '../ledger/authority.ts'
import { fieldRefused, notAllowed, notFound } from '../wallets/contract.ts'
import { getAccountDocument, getDocument } from './contract.ts'
import type { DocumentDeps } from './deps.ts'
import { isPrivateDocument } from './document-types.ts'
import { privateDocumentRead } from './events.ts'
import { isStamped } from './names.ts'
import { findDocumentRow, type StoredDocument } from './store.ts'

/** Who may read an account's documents is told which there are. Another account's is as unknown here as one that never was. */
export const getOfAccount = implement<DocumentDeps>()(getAccountDocument, async ({ params, query, proof }, deps) => {
  const { address: account, document: key } = params
  const reader = await readerOf(deps, { account, key: proof.keyId })
  if (!reader) return notAllowed()
  const document = await findGenuine(deps, key)
  return document?.owner === account ? show(deps, document, { ...reader, accept: query.accept }) : notFound()
})

/** Without an account in the address nobody but administrators learns whether there is such a document. */
export const get = implement<DocumentDeps>()(getDocument, async ({ params, query, proof }, deps) => {
  const document = await findGenuine(deps, params.document)
  const reader = await readerOf(deps, { account: document?.owner, key: proof.keyId })
  if (!reader) return notAllowed()
  return document ? show(deps, document, { ...reader, accept: query.accept }) : notFound()
})

/** A row that was written past us, or changed, is no document: its owner, its type, where it leads. */
async function findGenuine({ database, hsm }: DocumentDeps, key: string): Promise<StoredDocument | undefined> {
  const document = await findDocumentRow(database.reading, key)
  return document && (await isStamped(hsm, document)) ? document : undefined
}

interface Reader {
  readonly as: 'owner' | 'admin'
  readonly key: string
}

/** Keys that recovery let in read nothing: whoever reads the owner's mail can come so far. */
async function readerOf(
  { ledger }: DocumentDeps,
  { account, key }: { account: string | undefined; key: string },
): Promise<Reader | undefined> {
  if (account !== undefined && (await isOwner(ledger, { account, key }))) return { as: 'owner', key }
  return (await isAdmin(ledger, key)) ? { as: 'admin', key } : undefined
}

async function show(
  { database, objects, policies }: DocumentDeps,
  { key, type, contentType }: StoredDocument,
  reader: Reader & { readonly accept: string | undefined },
) {
  if (!accepts(reader.accept, contentType))
    return fieldRefused({ meta: { field: 'accept', error: 'is not what the document is' } })
  const { lifetime } = policies.documents
  const url = await objects.presignDownload({ key, contentType, lifetime })
  if (reader.as === 'admin' && isPrivateDocument(type))
    await recordEvent(database.relaxed, privateDocumentRead, { subject: key, detail: { key: reader.key } })
  return reply(200, { data: { id: key, type: 'document_url' as const, attributes: { url } } })
}

/** TokenD's JavaScript client sends it empty where its caller has not said. */
function accepts(accept: string | undefined, contentType: string): boolean {
  if (!accept) return true
  const [general = ''] = contentType.split('/')
  const ranges = accept.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase())
  return ranges.some((range) => [contentType, `${general}/*`, '*/*'].includes(range))
}
