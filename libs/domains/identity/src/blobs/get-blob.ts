import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { notFound } from '../wallets/contract.ts'
import { readContent } from './content.ts'
import { getAccountBlob, getBlob, isPrivateBlob } from './contract.ts'
import type { BlobDeps } from './create-blob.ts'
import { privateBlobRead } from './events.ts'
import { judgeReader } from './rules.ts'
import { type Blob, findBlob, findContent } from './store.ts'

/** A blob of another account is as unknown here: what an address may read is not what it names. */
export const getOfAccount = implement<BlobDeps>()(getAccountBlob, async ({ params, proof }, deps) => {
  const blob = await findBlob(deps.database.reading, params.blob)
  return blob?.owner === params.address ? read(deps, blob, proof?.keyId) : notFound()
})

export const get = implement<BlobDeps>()(getBlob, async ({ params, proof }, deps) => {
  const blob = await findBlob(deps.database.reading, params.blob)
  return blob ? read(deps, blob, proof?.keyId) : notFound()
})

async function read(deps: BlobDeps, blob: Blob, key: string | undefined) {
  const { database, hsm } = deps
  const { id, type, deletedAt } = blob
  const reader = await judgeReader(deps, blob, key)
  if (reader instanceof Refusal) return reader
  const content = await findContent(database, id)
  if (!content) return notFound()
  if (reader === 'admin' && key !== undefined && isPrivateBlob(type))
    await recordEvent(database.relaxed, privateBlobRead, { subject: id, detail: { key } })
  const value = await readContent(hsm, blob, content)
  return reply(200, {
    data: { id, type, attributes: { value, ...(deletedAt && { deleted_at: deletedAt.toISOString() }) } },
  })
}
