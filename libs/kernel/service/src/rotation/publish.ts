import { recordEvent } from '@strongroom/audit'
import { type FoundKey, HsmRefusal, HsmUnavailable, loadable, publishKeys } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { epochOf } from '../epoch.ts'
import { ownKeys, recordedKeys, recordKey } from '../key-registry.ts'
import type { AppToken } from '../token.ts'
import { versionPublished } from './events.ts'
import { KeyRefused, type Published } from './key-desk.ts'
import { kekVersions } from './key-versions.ts'

export type AppTokens = readonly [AppToken, ...AppToken[]]

interface Publishing {
  readonly app: string
  readonly tokens: AppTokens
  /** The operator’s next keys, where the present ones are the operator’s. */
  readonly found: readonly FoundKey[]
}

/** On every token or on none that is recorded: what a crash left on one is found again, by its label. */
export async function publishVersion(database: Database, { app, tokens, found }: Publishing): Promise<Published> {
  const existing = ownKeys(await recordedKeys(database))
  const versions = kekVersions(existing)
  const [newest] = versions
  if (newest === undefined) {
    throw new KeyRefused('unknown-version', {
      what: 'no key that seals or wraps is recorded',
      remedy: 'this app has none to rotate, or was not provisioned',
    })
  }
  const epoch = await epochOf(database)
  const version = newest.state === 'published' ? newest.version : newest.version + 1
  const made = await withTokensAtHand(() =>
    publishKeys({ tokens, existing: loadable(existing), version, found, epoch }),
  )
  if (made.length > 0) {
    await database.transaction(async (tx) => {
      for (const key of made) await recordKey(tx, key)
      await recordEvent(tx, versionPublished, { subject: app, detail: { version, keys: made.length } })
    })
  }
  const [{ tokenLabel: first }] = tokens
  return { version, made: made.map(({ token = first, label }) => ({ token, label })) }
}

/** Throws `KeyRefused` for a token that is away. */
export async function withTokensAtHand<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isAway = error instanceof HsmUnavailable || (error instanceof HsmRefusal && error.reason === 'token-absent')
    if (!isAway) throw error
    throw new KeyRefused('token-away', {
      what: `a token is not at hand (${error.message})`,
      remedy: 'bring every configured token back and try again',
    })
  }
}
