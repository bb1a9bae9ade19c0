import type { Secret } from '@strongroom/crypto'
import { spendGuess } from '@strongroom/guesses'
import type { Keystore, LockedKey, LockRequest } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { cancelLocks } from '@strongroom/time-locks'
import type { Policies } from '../policies.ts'
import { limitedUntil } from './answers.ts'
import { invalidParams } from './contract.ts'
import { lockOfNothing, lockWith } from './rules.ts'
import { findKey } from './store.ts'

/** The PIN was changed between the charge and the look: what was charged is no longer what would be compared. */
class PinJustChanged extends Error {
  override readonly name = 'PinJustChanged'
  readonly retryAfterSeconds = 1
}

export interface PinDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
}

type Look<T> = (lock: { request: LockRequest; locked: LockedKey; pinEpoch: number }) => Promise<T | undefined>

/**
 * One guess at the PIN of a key, charged before `look` compares it. A key that does not exist takes the same
 * statements, commits and HSM calls as a wrong PIN, and answers alike. A right PIN cancels every reset that somebody
 * waits for, durably, before it earns anything.
 */
export async function guessPin<T>(
  { database, hsm, policies }: PinDeps,
  { keyId, pin, purpose }: { keyId: string; pin: Secret; purpose: string },
  look: Look<T>,
): Promise<T | Refusal<'invalid-params'> | Refusal<'rate-limited'>> {
  hsm.assertAvailable()
  let resetting = false
  const attempt = { subject: keyId, purpose }
  const guessed = await spendGuess({ database, budget: policies.pins, attempt }, async ({ epoch: pinEpoch }) => {
    const key = await findKey(database.reading, policies.resets, keyId)
    if (key && key.pinEpoch !== pinEpoch) throw new PinJustChanged()
    resetting = key?.resetting ?? false
    return look({ request: lockWith(pin, { keyId, pinEpoch }), locked: key ?? lockOfNothing(), pinEpoch })
  })
  if (guessed.outcome === 'exhausted') return limitedUntil(guessed.until)
  if (guessed.outcome === 'wrong') return invalidParams()
  if (resetting) await cancelLocks(database, policies.resets, keyId)
  return guessed.found
}
