import type { RefreshRow, Standing } from './store.ts'

/**
 * What becomes of a refresh token. `rotate`: it is used up for the next. `again`: its first answer may have been lost, and
 * is given once more. `reused`: two hold it, and nobody knows which of them is the owner. `refused`: nothing, now.
 */
export type RefreshVerdict = 'rotate' | 'again' | 'reused' | 'refused'

export type Judged = Pick<RefreshRow, 'now' | 'closed' | 'ended' | 'state' | 'expiresAt' | 'usedAt' | 'followed'> & {
  readonly hasSuccessor: boolean
}

/** `grace`: seconds in which a used token is answered again, unless what took its place was used as well. */
export function judgeRefresh(row: Judged, grace: number): RefreshVerdict {
  const { now, expiresAt, usedAt, ended, followed, hasSuccessor } = row
  if (ended === 'reused') return 'reused'
  if (expiresAt <= now) return 'refused'
  if (usedAt === null) return counts(row) ? 'rotate' : 'refused'
  const isRecent = now.getTime() - usedAt.getTime() <= grace * 1000
  if (!isRecent || followed) return 'reused'
  // A family that ended, or a key that does not count: the same "no" as for an unused one.
  return counts(row) && hasSuccessor ? 'again' : 'refused'
}

/** Whether anybody is signed in by this key: a pending one will be, a revoked one never again. */
export const counts = ({ closed, ended, state }: Pick<Standing, 'closed' | 'ended' | 'state'>): boolean =>
  !closed && ended === null && state === 'active'
