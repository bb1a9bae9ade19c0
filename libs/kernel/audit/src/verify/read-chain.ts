import { toHex } from '@strongroom/crypto'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { ChainOwner, Entry } from '../chain.ts'
import type { Head } from '../head.ts'
import { instantText } from '../head-store.ts'

const BATCH = 2000

// Everything may be null or out of range: the owner of the schema can drop every constraint.
const row = z.object({
  position: z.string(),
  eventId: z.string().nullable(),
  hash: column.bytes.nullable(),
  id: z.string().nullable(),
  at: z.string().nullable(),
  event: z.string().nullable(),
  subject: z.string().nullable(),
  detail: z.string().nullable(),
  headHash: column.bytes.nullable(),
  headAt: z.string().nullable(),
  headKey: z.string().nullable(),
  headSignature: column.bytes.nullable(),
  coveredAt: z.string().nullable(),
})

/** A link with what it should be the link of, and the head that the database has there. */
export interface ChainRow {
  readonly position: string
  readonly eventId: string | undefined
  readonly hash: Uint8Array
  readonly entry: Entry | undefined
  readonly head: Head | undefined
  /** When a sweep began that linked all that had ended by then, up to here: seconds since 1970. */
  readonly coveredAt: number | undefined
}

/** The chain after a position, in order and in batches, so that memory does not grow with it. */
export async function* readChain(statements: Statements, owner: ChainOwner, after: number): AsyncGenerator<ChainRow> {
  for (let last = String(after); ;) {
    const rows = await statements.many(
      row,
      sql`
      select l.position::text, l.event_id::text as "eventId", l.hash,
             e.id::text, extract(epoch from e.at)::text as at, e.event, e.subject, e.detail::text,
             h.hash as "headHash", to_char(h.at at time zone 'UTC', ${instantText}) as "headAt", h.key as "headKey",
             h.signature as "headSignature",
             (select extract(epoch from max(m.at))::text from audit.marks as m where m.position = l.position) as "coveredAt"
        from (select position, event_id, hash from audit.links
               where position > ${last}::bigint order by position limit ${BATCH}) as l
        left join audit.events as e on e.id = l.event_id
        left join audit.heads as h on h.position = l.position
       order by l.position`,
    )
    const end = rows.at(-1)
    if (!end) return
    for (const one of rows) yield toChainRow(one, owner)
    last = end.position
  }
}

function toChainRow(found: z.output<typeof row>, owner: ChainOwner): ChainRow {
  const { position, eventId, hash, id, at, event, subject, detail } = found
  return {
    position,
    eventId: eventId ?? undefined,
    hash: hash ?? new Uint8Array(),
    entry:
      id === null ? undefined : { id, at: at ?? '', event: event ?? '', subject: subject ?? '', detail: detail ?? '' },
    head: headOf(found, owner),
    coveredAt: found.coveredAt === null ? undefined : Number(found.coveredAt),
  }
}

function headOf(found: z.output<typeof row>, owner: ChainOwner): ChainRow['head'] {
  const { position, headHash, headAt, headKey, headSignature } = found
  if (headHash === null) return undefined
  return {
    ...owner,
    position: Number(position),
    hash: toHex(headHash),
    at: headAt ?? '',
    key: headKey ?? '',
    signature: toHex(headSignature ?? new Uint8Array()),
  }
}
