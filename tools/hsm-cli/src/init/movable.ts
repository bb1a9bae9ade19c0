import {
  assertDifferentTokens,
  type KeyNeed,
  type KeyRecord,
  openKeystore,
  openRecoveryKeystore,
  provisionKeys,
} from '@strongroom/hsm'
import { drawMovableKeys } from '@strongroom/hsm/moving'
import type { AppToken } from '@strongroom/service/operator'
import { beginCopies } from '../move/copies-file.ts'
import { Refused } from '../outcome.ts'
import type { Tokens } from './second-device.ts'

export interface Movable {
  readonly tokens: Tokens
  /** Kept in a safe: it opens the copies. */
  readonly safe: AppToken
  readonly needs: readonly KeyNeed[]
  readonly before: readonly KeyRecord[]
  readonly path: string
}

/** Draws the MAC keys and writes encrypted copies of them, before the app’s own provisioning adopts them. Answers their labels. Throws `Refused`. */
export async function makeMovable({ tokens, safe, needs, before, path }: Movable): Promise<readonly string[]> {
  const made = before.filter(({ job }) => job === 'mac')
  if (made.length > 0)
    throw new Refused(
      `${made.map(({ label }) => `"${label}"`).join(', ')} were made without a copy, and none can be taken now: an app is movable from its first day, or never`,
    )
  const [safeKey] = await provisionKeys({ ...safe, needs: [{ job: 'recover', use: '' }], existing: [] })
  if (safeKey === undefined) throw new Refused('the token in the safe has no key for copies: run this again')
  const publicKey = await publicKeyOn(safe, { safeKey, tokens })
  const file = beginCopies(path, safeKey)
  try {
    const drawn = await drawMovableKeys({ tokens, needs, publicKey, keep: (copy) => file.keep(copy) })
    return drawn.map(({ label }) => label)
  } finally {
    file.close()
  }
}

async function publicKeyOn(safe: AppToken, { safeKey, tokens }: { safeKey: KeyRecord; tokens: Tokens }) {
  const recovery = await openRecoveryKeystore({ ...safe, keys: [safeKey] })
  const hsm = await openKeystore({ tokens, keys: [] })
  try {
    for (const { description } of hsm.tokens()) {
      if (description !== undefined) assertDifferentTokens(description, recovery.describe())
    }
    return await recovery.publicKey()
  } finally {
    await hsm.close()
    await recovery.close()
  }
}
