import { equalBytes, toHex } from '@strongroom/crypto'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { type ChainOwner, genesisOf, linkHash } from '../chain.ts'
import type { Head } from '../head.ts'
import type { FirstBad } from './fault.ts'
import type { Peekable } from './peekable.ts'
import { type ChainRow, readChain } from './read-chain.ts'

export interface Walk {
  readonly statements: Statements
  readonly owner: ChainOwner
  /** Of the sink, in the order in which it took them. */
  readonly sinkHeads: Peekable<Head>
  readonly isGood: (head: Head) => boolean
  /** How many seconds before a sweep an entry may be dated that it did not see: as long as a transaction may take. */
  readonly late: number
}

/** How far the walk has come: everything up to `position` is good. */
export interface Progress {
  position: number
  hash: Uint8Array
  /** The last position at which a good head agreed. */
  agreed: number
  lastHead: Head | undefined
  /** Seconds since 1970: whatever had ended by then stands before the next entry. */
  coveredAt: number
}

export const startOf = (owner: ChainOwner): Progress => ({
  position: 0,
  hash: genesisOf(owner),
  agreed: 0,
  lastHead: undefined,
  coveredAt: Number.NEGATIVE_INFINITY,
})

/** Computes every link anew and holds it against the database's and the sink's heads; moves `at` on. */
export async function walkChain(walk: Walk, at: Progress): Promise<FirstBad | undefined> {
  for await (const row of readChain(walk.statements, walk.owner, at.position)) {
    const bad = stepOn(walk, at, row) ?? (await meetSinkHeads(walk, at, row)) ?? meetOwnHead(walk, at, row)
    if (bad) return bad
    at.coveredAt = Math.max(at.coveredAt, row.coveredAt ?? at.coveredAt)
  }
  return undefined
}

function stepOn(
  { late }: Walk,
  at: Progress,
  { position: found, entry, eventId, hash }: ChainRow,
): FirstBad | undefined {
  const position = at.position + 1
  const place = { position, ...(eventId !== undefined && { eventId }) }
  if (found === String(at.position)) return { what: 'inserted', ...place, position: at.position }
  if (found !== String(position)) return { what: 'removed', position }
  if (!entry) return { what: 'removed', ...place }
  const computed = linkHash(at.hash, entry)
  if (!equalBytes(computed, hash)) return { what: 'changed', ...place }
  if (Number(entry.at) < at.coveredAt - late) return { what: 'inserted', ...place }
  at.position = position
  at.hash = computed
  return undefined
}

async function meetSinkHeads({ statements, sinkHeads, isGood }: Walk, at: Progress, row: ChainRow) {
  for (let head = await sinkHeads.peek(); head && head.position <= at.position; head = await sinkHeads.peek()) {
    sinkHeads.take()
    const { position } = head
    if (!isGood(head)) return { what: 'head-forged', position } as const
    // Two processes may have written to a file at once: a head from before is held against what was walked.
    const hash = position === at.position ? at.hash : await readLink(statements, position)
    if (toHex(hash) !== head.hash) return disagreement(at, position)
    if (position < at.position) continue
    if (!row.head && !(await hasHead(statements, position))) return { what: 'head-missing', position } as const
    at.agreed = position
    at.lastHead = head
  }
  return undefined
}

function meetOwnHead({ isGood }: Walk, at: Progress, { head }: ChainRow): FirstBad | undefined {
  if (!head) return undefined
  const checked = at.lastHead?.position === head.position && at.lastHead.signature === head.signature
  if (!(checked && at.lastHead?.at === head.at && at.lastHead.key === head.key) && !isGood(head))
    return { what: 'head-forged', position: head.position }
  if (toHex(at.hash) !== head.hash) return disagreement(at, head.position)
  at.agreed = head.position
  return undefined
}

const disagreement = ({ agreed }: Progress, upTo: number): FirstBad => ({
  what: 'relinked',
  position: Math.min(agreed + 1, upTo),
  upTo,
})

async function readLink(statements: Statements, position: number): Promise<Uint8Array> {
  const row = z.object({ hash: column.bytes })
  const found = await statements.maybe(row, sql`select hash from audit.links where position = ${position}`)
  return found?.hash ?? new Uint8Array()
}

const hasHead = async (statements: Statements, position: number): Promise<boolean> =>
  (await statements.run(sql`select from audit.heads where position = ${position}`)) > 0
