import { hash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Keys } from './key-set.ts'

const MOST = 1000
const LONGEST = 60_000

/**
 * What tokens said that were verified within the last minute: a device shows the same one a dozen times in a row. Nothing
 * that was refused, no token itself, and nothing beyond the end of a token or of the keys that it was verified with.
 */
export interface RecentTokens {
  find(text: string, keys: Keys, now: Date): JWTPayload | undefined
  keep(text: string, payload: JWTPayload, by: { readonly keys: Keys; readonly now: Date }): void
}

interface Verified {
  readonly payload: JWTPayload
  readonly keys: Keys
  readonly from: number
  readonly until: number
}

export function recentTokens(): RecentTokens {
  const verified = new Map<string, Verified>()
  const isOver = ({ from, until }: Verified, at: number) => at < from || at >= until

  return {
    find(text, keys, now) {
      const found = verified.get(nameOf(text))
      // Withdrawn keys go with the set that they were in. A clock that was set back must not bring anything back.
      return found?.keys === keys && !isOver(found, now.getTime()) ? found.payload : undefined
    },
    keep(text, payload, { keys, now }) {
      const from = now.getTime()
      const until = Math.min(from + LONGEST, (payload.exp ?? 0) * 1000)
      const name = nameOf(text)
      verified.delete(name)
      verified.set(name, { payload, keys, from, until })
      // The oldest come first; those that are over tell about people for no use.
      for (const [oldest, one] of verified) {
        if (verified.size <= MOST && !isOver(one, from)) return
        verified.delete(oldest)
      }
    },
  }
}

/** Never the token: whoever reads our memory must not be able to show it. */
const nameOf = (text: string): string => hash('sha256', text, 'base64url')
