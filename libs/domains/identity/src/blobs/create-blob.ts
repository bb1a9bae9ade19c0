import { toUtf8 } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Database, Tx } from '@strongroom/storage'
import { wrongField } from '../wallets/contract.ts'
import { contentOf } from './content.ts'
import { type BlobGiven, createAccountBlob, createBlob, type BlobTag, tooManyBlobs } from './contract.ts'
import { type BlobPlace, nameBlob, nameTags } from './names.ts'
import type { BlobPolicies } from './policies.ts'
import { type AuthorityDeps, type Creation, judgeCreation } from './rules.ts'
import { addToOwner, countBrought, findMade, holdOwner, insertBlob, insertTags, removeReplaced } from './store.ts'

export interface BlobDeps extends AuthorityDeps {
  readonly database: Database
  readonly policies: BlobPolicies
}

export const createForAccount = implement<BlobDeps>()(createAccountBlob, async ({ params, proof, body }, deps) => {
  const named = body.data.relationships?.owner?.data.id
  if (named !== undefined && named !== params.address)
    return wrongField('/data/relationships/owner/data/id', 'is not the account of the address')
  return make(deps, body.data, { owner: params.address, key: proof.keyId, admins: 'refused' })
})

export const create = implement<BlobDeps>()(createBlob, async ({ proof, body }, deps) => {
  const owner = body.data.relationships?.owner?.data.id ?? ''
  return make(deps, body.data, { owner, key: proof.keyId, admins: 'admitted' })
})

async function make(deps: BlobDeps, given: BlobGiven, wish: Omit<Creation, 'type'>) {
  const { type, attributes } = given
  const allowed = await judgeCreation(deps, { ...wish, type })
  if (allowed instanceof Refusal) return allowed
  const made = await keep(deps, { owner: wish.owner, type, ...allowed }, given)
  if (made instanceof Refusal) return made
  const deleted = made.deletedAt && { deleted_at: made.deletedAt.toISOString() }
  return reply(201, { data: { id: made.id, type, attributes: { value: attributes.value, ...deleted } } })
}

interface Kept {
  readonly id: string
  /** Making it once more does not bring back what an administrator has hidden: any old request could. */
  readonly deletedAt: Date | null
}

type Full = Refusal<'too-many-blobs'>

async function keep(deps: BlobDeps, place: BlobPlace, given: BlobGiven): Promise<Kept | Full> {
  const { database, hsm, policies } = deps
  const text = toUtf8(given.attributes.value)
  const id = await nameBlob(hsm, place, text)
  const related = await nameTags(hsm, place, tagsOf(given))
  const known = await findMade(database.reading, id, related)
  if (known?.isRelated) return { id, deletedAt: known.deletedAt }
  const content = await contentOf(hsm, { ...place, id }, text)
  return database.transaction(async (tx): Promise<Kept | Full> => {
    const owned = await holdOwner(tx, place.owner)
    const replaced = place.type === 'nav_update' ? await removeReplaced(tx, id, related) : 0
    const found = await findMade(tx, id, related)
    const hasRoom = found
      ? found.isRelated || found.relations < MOST_RELATIONS
      : await hasRoomFor(tx, place, { ...policies, owned: owned - replaced })
    if (!hasRoom) return tooManyBlobs({ detail: 'The account has as many blobs as it may' })
    if (!found) await insertBlob(tx, { ...place, ...content, id })
    await insertTags(tx, id, related)
    await addToOwner(tx, place.owner, (found ? 0 : 1) - replaced)
    return { id, deletedAt: found?.deletedAt ?? null }
  })
}

/** How often the same text may be made with other relations. */
const MOST_RELATIONS = 16

async function hasRoomFor(tx: Tx, { owner, bringer }: BlobPlace, limits: BlobPolicies & { owned: number }) {
  if (owner === '') return true
  if (limits.owned >= limits.blobsPerAccount) return false
  return bringer === null || (await countBrought(tx, bringer)) < limits.blobsPerRecovery
}

function tagsOf({ relationships = {} }: BlobGiven): readonly BlobTag[] {
  const { owner: _, ...tags } = relationships
  return Object.entries(tags).flatMap(([name, related]) => (related ? [[name, related.data.id] as const] : []))
}
