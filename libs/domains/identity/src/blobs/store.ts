import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements, type Tx } from '@strongroom/storage'
import { z } from 'zod'
import { againstOf, directionOf, type PageOrder } from '../page-order.ts'
import type { Content } from './content.ts'
import { blobTypes, type BlobType, PUBLIC_BLOB_TYPES } from './contract.ts'
import { blobDeleted } from './events.ts'
import type { BlobPlace, Related } from './names.ts'

const typeOfBit = new Map<number, BlobType>(
  Object.entries(blobTypes).map(([type, bit]) => [bit, type as BlobType] as const),
)

export const typeOfRow = z.int().transform((bit, context): BlobType => {
  const known = typeOfBit.get(bit)
  if (known) return known
  context.addIssue({ code: 'custom', message: 'is no type of blobs' })
  return z.NEVER
})

const blobRow = z.object({
  id: z.string(),
  owner: z.string(),
  type: typeOfRow,
  bringer: column.bytes.nullable(),
  deletedAt: column.instant.nullable(),
})
export type Blob = z.output<typeof blobRow>

const columns = sql`b.id, b.owner, b.type, b.bringer, b.deleted_at as "deletedAt"`

/** Without what it says, which may be long, and is read when the reader is known. */
export const findBlob = (statements: Statements, id: string): Promise<Blob | undefined> =>
  statements.maybe(blobRow, sql`select ${columns} from identity.blobs b where b.id = ${id}`)

const contentRow = z.object({ value: column.bytes.nullable(), envelope: column.bytes.nullable() })

/** `undefined` where a newer one has taken its place meanwhile. */
export const findContent = (statements: Statements, id: string): Promise<Content | undefined> =>
  statements.maybe(contentRow, sql`select value, envelope from identity.blobs where id = ${id}`)

const madeRow = z.object({ deletedAt: column.instant.nullable(), isRelated: z.boolean(), relations: column.count })
export type Made = z.output<typeof madeRow>

/** A blob of that id, whether it has these relations, and how many others. */
export const findMade = (statements: Statements, id: string, { related }: Related): Promise<Made | undefined> =>
  statements.maybe(
    madeRow,
    sql`select b.deleted_at as "deletedAt",
               exists (select from identity.blob_tags t where t.blob_id = b.id and t.related = ${related}) as "isRelated",
               (select count(distinct t.related) from identity.blob_tags t where t.blob_id = b.id) as relations
          from identity.blobs b where b.id = ${id}`,
  )

const counted = z.object({ blobs: column.count })

/**
 * How many blobs an owner has, to whoever changes them one at a time: the count stays true, and of two NAV updates one is
 * the last.
 */
export const holdOwner = async (tx: Tx, owner: string): Promise<number> =>
  (
    await tx.one(
      counted,
      sql`insert into identity.blob_owners as o (owner) values (${owner})
          on conflict (owner) do update set blobs = o.blobs returning blobs`,
    )
  ).blobs

export const addToOwner = (tx: Tx, owner: string, blobs: number): Promise<number> =>
  tx.run(sql`update identity.blob_owners set blobs = blobs + ${blobs}::int where owner = ${owner}`)

export const countBrought = async (tx: Tx, bringer: Uint8Array): Promise<number> =>
  (await tx.one(counted, sql`select count(*) as blobs from identity.blobs where bringer = ${bringer}`)).blobs

export const insertBlob = (tx: Tx, blob: BlobPlace & Content & { id: string }): Promise<number> =>
  tx.run(sql`
    insert into identity.blobs (id, owner, type, value, envelope, bringer)
    values (${blob.id}, ${blob.owner}, ${blobTypes[blob.type]}, ${blob.value}, ${blob.envelope}, ${blob.bringer})`)

export const insertTags = (tx: Tx, id: string, { related, tags }: Related): Promise<number> =>
  tx.run(sql`
    insert into identity.blob_tags (blob_id, related, tag)
    select ${id}, ${related}, tag from unnest(${[related, ...tags].map((tag) => Buffer.from(tag))}::bytea[]) as tag
    on conflict do nothing`)

/** Removes what had the same relations; what has others too stays for them, and what was hidden stays hidden. */
export const removeReplaced = (tx: Tx, id: string, { related }: Related): Promise<number> =>
  tx.run(sql`
    with replaced as (
      delete from identity.blob_tags where related = ${related} and blob_id <> ${id} returning blob_id
    )
    delete from identity.blobs b
     where b.id in (select blob_id from replaced) and b.deleted_at is null
       and not exists (select from identity.blob_tags t where t.blob_id = b.id and t.related <> ${related})`)

/** Hiding it once more changes nothing. */
export const hideBlob = (tx: Tx, id: string, key: string): Promise<number> =>
  tx.run(sql`
    with hidden as (
      update identity.blobs set deleted_at = strongroom.now() where id = ${id} and deleted_at is null returning id
    )
    ${appendEvent(blobDeleted, { subject: sql`id`, detail: sql`jsonb_build_object('key', ${key}::text)`, from: sql`hidden` })}`)

export interface BlobsAsked {
  readonly owner: string
  readonly mask: number
  /** Of each tag, its public name and, where private ones are seen, the other one. */
  readonly tags: readonly (readonly Uint8Array[])[]
  /** Which private ones are seen. */
  readonly sees: 'public' | 'all' | { readonly broughtBy: Uint8Array }
  readonly hidden: 'left-out' | 'shown'
  readonly limit: number
  readonly offset: number
  readonly order: PageOrder
}

/** Bytes of what a list says of each. */
const LONGEST_LISTED = 16_384

const listedRow = blobRow.extend(contentRow.shape)

/** By time. What is longer than a list shows has neither value nor envelope. */
export const findBlobs = (statements: Statements, asked: BlobsAsked) => {
  const inOrder = sql`b.created_at ${directionOf(asked.order)}, b.id ${againstOf(asked.order)}`
  return statements.many(
    listedRow,
    sql`with page as (
          select b.id from identity.blobs b
           where b.owner = ${asked.owner} and ${seen(asked)}
                 ${asked.tags.reduce((sofar: Query, names) => sql`${sofar} and ${tagged(names)}`, sql``)}
           order by ${inOrder} limit ${asked.limit} offset ${asked.offset}
        )
        select ${columns},
               case when octet_length(b.value) <= ${LONGEST_LISTED} then b.value end as value,
               case when octet_length(b.envelope) <= ${LONGEST_LISTED} then b.envelope end as envelope
          from page join identity.blobs b on b.id = page.id
         order by ${inOrder}`,
  )
}

function seen({ mask, sees, hidden }: BlobsAsked): Query {
  const [all, bringer] = typeof sees === 'object' ? [false, sees.broughtBy] : [sees === 'all', null]
  return sql`b.type & ${mask}::int <> 0
             and (b.type & ${PUBLIC_BLOB_TYPES}::int <> 0 or ${all}::boolean or b.bringer = ${bringer}::bytea)
             and (${hidden === 'shown'}::boolean or b.deleted_at is null)`
}

const tagged = (names: readonly Uint8Array[]): Query =>
  sql`b.id in (select t.blob_id from identity.blob_tags t where t.tag = any (${names.map((name) => Buffer.from(name))}::bytea[]))`
