import type { Secret } from '@strongroom/crypto'
import { type Budget, spendGuess } from '@strongroom/guesses'
import type { Keystore, LockedKey, LockRequest } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { invalidParams, rateLimited } from './contract.ts'
import { lockOfNothing, lockWith } from './rules.ts'
import { findKey } from './store.ts'

/** The PIN was changed between the charge and the look: what was charged is no longer what would be compared. */
class PinJustChanged extends Error {
  override readonly name = 'PinJustChanged'
  readonly retryAfterSeconds = 1
}

export interface PinGuessDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly pinBudget: Budget
}

type Look<T> = (lock: { request: LockRequest; locked: LockedKey; pinEpoch: number }) => Promise<T | undefined>

/**
 * One guess at the PIN of a key, charged before `look` compares it. A key that does not exist takes the same
 * statements, commits and HSM calls as a wrong PIN, and answers alike.
 */
export async function guessPin<T>(
  { database, hsm, pinBudget: budget }: PinGuessDeps,
  { keyId, pin, purpose }: { keyId: string; pin: Secret; purpose: string },
  look: Look<T>,
): Promise<T | Refusal<'invalid-params'> | Refusal<'rate-limited'>> {
  hsm.assertAvailable()
  const guessed = await spendGuess({ database, budget, attempt: { subject: keyId, purpose } }, async (pinEpoch) => {
    const key = await findKey(database.reading, keyId)
    if (key && key.pinEpoch !== pinEpoch) throw new PinJustChanged()
    return look({ request: lockWith(pin, { keyId, pinEpoch }), locked: key ?? lockOfNothing(), pinEpoch })
  })
  if (guessed.outcome === 'exhausted') return rateLimited({ delay: guessed.until.toISOString() })
  return guessed.outcome === 'right' ? guessed.found : invalidParams()
}
