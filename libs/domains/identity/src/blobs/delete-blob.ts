import { implement, reply } from '@strongroom/http'
import { isAdmin } from '../ledger/authority.ts'
import { notAllowed, notFound } from '../wallets/contract.ts'
import { deleteBlob } from './contract.ts'
import type { BlobDeps } from './create-blob.ts'
import { addToOwner, findBlob, hideBlob, holdOwner } from './store.ts'

export const remove = implement<BlobDeps>()(deleteBlob, async ({ params, proof }, { database, ledger }) => {
  if (!(await isAdmin(ledger, proof.keyId))) return notAllowed()
  const blob = await findBlob(database, params.blob)
  if (!blob) return notFound()
  await database.transaction(async (tx) => {
    await holdOwner(tx, blob.owner)
    const hidden = await hideBlob(tx, blob.id, proof.keyId)
    await addToOwner(tx, blob.owner, -hidden)
  })
  return reply(204, undefined)
})
