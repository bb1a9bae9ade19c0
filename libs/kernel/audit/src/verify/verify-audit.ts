import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { ChainOwner } from '../chain.ts'
import { type Head, headJudge } from '../head.ts'
import type { FirstBad, Verdict } from './fault.ts'
import { findOwnHeadBeyond, judgeEnds } from './judge-ends.ts'
import { peekable } from './peekable.ts'
import { type Progress, startOf, type Walk, walkChain } from './walk-chain.ts'

export interface Verification extends ChainOwner {
  /** May read the schema `audit`; needs no more. */
  readonly statements: Statements
  /** Every version of the signing key: 65 bytes each, from the token or pinned. Never from the database alone. */
  readonly publicKeys: readonly Uint8Array[]
  /** All heads of the sink, in its order; its last is demanded of the database. */
  readonly heads: AsyncIterable<Head> | Iterable<Head>
  /** Seconds after which something unlinked, unsigned or not sent out is bad: 300. */
  readonly patience?: number
  /** Seconds that an entry may be dated before a sweep which did not see it, as a transaction held open is: 3600. */
  readonly late?: number
}

/**
 * Reads the whole log, also while the app writes to it, and names the first bad entry. Memory does not grow with the log.
 * @throws DatabaseUnavailable, whatever `heads` throws, Error for a public key that is none.
 */
export async function verifyAudit(verification: Verification): Promise<Verdict> {
  const { statements, publicKeys, heads, deployment, app, patience = 300, late = 3600 } = verification
  const owner = { deployment, app }
  const deadline = await readDeadline(statements, patience)
  const walk = { statements, owner, sinkHeads: peekable(heads), isGood: headJudge(owner, publicKeys), late }
  const progress = startOf(owner)
  const firstBad = (await walkToTheEnd(walk, progress)) ?? (await judgeEnds(statements, progress, deadline))
  if (firstBad) return { ok: false, firstBad }
  return { ok: true, entries: progress.position, lastHead: progress.lastHead }
}

async function walkToTheEnd(walk: Walk, at: Progress): Promise<FirstBad | undefined> {
  for (let claimed = 0; ;) {
    const bad = await walkChain(walk, at)
    if (bad) return bad
    const beyond = await walk.sinkHeads.peek()
    const own = beyond?.position ?? (await findOwnHeadBeyond(walk.statements, at))
    if (own === undefined) return undefined
    // The chain may have grown since its end was read: links are committed before a head that covers them, so look again.
    if (claimed <= at.position) {
      claimed = own
      continue
    }
    const position = at.position + 1
    if (!beyond) return { what: 'removed', position, upTo: own }
    if (!walk.isGood(beyond)) return { what: 'head-forged', position: beyond.position }
    return { what: 'rolled-back', position, upTo: beyond.position }
  }
}

async function readDeadline(statements: Statements, patience: number): Promise<string> {
  const { deadline } = await statements.one(
    z.object({ deadline: z.string() }),
    sql`select (extract(epoch from strongroom.now()) - ${patience}::numeric)::text as deadline`,
  )
  return deadline
}
