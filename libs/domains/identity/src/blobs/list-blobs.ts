import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import { implement, reply } from '@strongroom/http'
import { jsonApi } from '@strongroom/http/contract'
import { readContent } from './content.ts'
import { isPrivateBlob, listBlobs, type BlobTag, blobTagsIn } from './contract.ts'
import type { BlobDeps } from './create-blob.ts'
import { privateBlobsListed } from './events.ts'
import { privateTagOf, publicTagOf } from './names.ts'
import { type View, viewOf } from './rules.ts'
import { findBlobs } from './store.ts'

const EVERY_TYPE = 32_767

export const list = implement<BlobDeps>()(listBlobs, async ({ params, query, proof }, deps) => {
  const { database, hsm } = deps
  const owner = params.address
  const page = { number: query['page[number]'], limit: query['page[limit]'] }
  const order = query['page[order]']
  const tags = blobTagsIn(query)
  const view = await viewOf(deps, { account: owner, key: proof?.keyId })
  const found = await findBlobs(database, {
    owner,
    mask: query.type ?? EVERY_TYPE,
    tags: await Promise.all(tags.map((tag) => namesOf(hsm, { owner, tag, view }))),
    sees: view.sees,
    hidden: view.as === 'admin' ? 'shown' : 'left-out',
    limit: page.limit + 1,
    offset: (page.number - 1) * page.limit,
    order: order ?? 'desc',
  })
  const blobs = found.slice(0, page.limit)
  const opened = blobs.filter(({ type, envelope }) => isPrivateBlob(type) && envelope).length
  if (view.as === 'admin' && proof && opened > 0)
    await recordEvent(database.relaxed, privateBlobsListed, {
      subject: owner,
      detail: { key: proof.keyId, blobs: opened },
    })
  const data = []
  for (const blob of blobs) data.push(await describe(hsm, blob))
  const type = query.type === undefined ? undefined : String(query.type)
  const asked = { type, ...Object.fromEntries(tags), 'page[order]': order }
  const links = jsonApi.pageLinks({
    path: `/accounts/${owner}/blobs`,
    query: asked,
    page,
    more: found.length > page.limit,
  })
  return reply(200, { data, links })
})

/** A tag may have been put to a public blob, and to one that only some see. */
async function namesOf(hsm: Keystore, { owner, tag, view }: { owner: string; tag: BlobTag; view: View }) {
  const name = publicTagOf(owner, tag)
  return view.sees === 'public' ? [name] : [name, await privateTagOf(hsm, owner, tag)]
}

type Found = Awaited<ReturnType<typeof findBlobs>>[number]

async function describe(hsm: Keystore, blob: Found) {
  const { id, type, deletedAt, value, envelope } = blob
  const text = value || envelope ? { value: await readContent(hsm, blob, { value, envelope }) } : {}
  return { id, type, attributes: { ...text, ...(deletedAt && { deleted_at: deletedAt.toISOString() }) } }
}
