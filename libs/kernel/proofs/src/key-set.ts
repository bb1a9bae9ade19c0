import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { FetchFailed } from './fetch-json.ts'
import type { Clock } from './jwt.ts'
import { KeysUnavailable } from './keys-unavailable.ts'

const MINUTE = 60_000
const FRESH = 10 * MINUTE
const STALE = 24 * 60 * MINUTE
const COOL_DOWN = 30_000
const RETRY = 5_000

export type Keys = ReturnType<typeof createLocalJWKSet>

/** The public keys of an issuer, fetched when they are first needed and kept. */
export interface KeySet {
  /**
   * Keys of the last 10 minutes; of the last 24 hours while the issuer does not answer.
   * @throws KeysUnavailable where there are none.
   */
  current(): Promise<Keys>
  /** Keys that are newer than `known`, for a token whose key is not among those. Asks the issuer twice a minute at most. */
  newerThan(known: Keys): Promise<Keys | undefined>
}

export interface KeySource {
  /** Fetches a JSON Web Key Set (RFC 7517). */
  readonly load: () => Promise<unknown>
  readonly clock: Clock
  readonly onFetchFailed: (code: string) => void
}

export function keySet({ load, clock, onFetchFailed }: KeySource): KeySet {
  let good: { readonly keys: Keys; readonly at: number } | undefined
  let tried = Number.NEGATIVE_INFINITY
  let failure: string | undefined
  let pending: Promise<void> | undefined

  // Both ways: a clock that was set back must not hold a fetch up, or keep old keys.
  const since = (at: number) => Math.abs(clock().getTime() - at)

  const isWithin = (age: number) => good !== undefined && since(good.at) <= age

  const attempt = async () => {
    try {
      const keys = createLocalJWKSet((await load()) as JSONWebKeySet)
      good = { keys, at: clock().getTime() }
      failure = undefined
    } catch (error) {
      failure = error instanceof FetchFailed ? error.code : 'no-key-set'
      onFetchFailed(failure)
    }
    tried = clock().getTime()
  }
  // One for all who ask meanwhile; a storm of tokens with invented key ids costs one fetch in each cool-down.
  const refresh = (): Promise<void> => {
    if (pending) return pending
    if (since(tried) < (failure === undefined ? COOL_DOWN : RETRY)) return Promise.resolve()
    return (pending = attempt().finally(() => (pending = undefined)))
  }

  return {
    async current() {
      const attempted = good && isWithin(FRESH) ? undefined : refresh()
      // While the issuer is away, nobody waits for it who can do without.
      if (failure === undefined || !isWithin(STALE)) await attempted
      if (good && isWithin(STALE)) return good.keys
      throw new KeysUnavailable(failure ?? 'unknown', RETRY / 1000)
    },
    async newerThan(known) {
      await refresh()
      return good && good.keys !== known ? good.keys : undefined
    },
  }
}
