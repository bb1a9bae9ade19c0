import { isOutage } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import type { Attempt, Budget, Guess } from './budget.ts'
import { chargeGuess, giveBack, settleRight } from './store.ts'

export type Guessed<T> =
  | { readonly outcome: 'right'; readonly found: T }
  | { readonly outcome: 'wrong' }
  /** Nothing was compared: the budget is spent until then. */
  | { readonly outcome: 'exhausted'; readonly until: Date }

/**
 * The one way to compare a guess: charge it durably, look, settle. `look` runs outside any transaction, compares, and
 * answers with what a right guess earns or `undefined` for a wrong one; it must do the same work for a subject that
 * does not exist. An outage that it throws gives the charge back; any other throw, and a crash, leave it spent.
 */
export async function spendGuess<T>(
  { database, budget, attempt }: { database: Database; budget: Budget; attempt: Attempt },
  look: (guess: Guess) => Promise<T | undefined>,
): Promise<Guessed<T>> {
  const { allowed, until, number, epoch } = await chargeGuess(database, budget, attempt)
  if (!allowed) return { outcome: 'exhausted', until }

  const guess = { ...attempt, number, epoch }
  let found: T | undefined
  try {
    found = await look(guess)
  } catch (error) {
    if (isOutage(error)) await giveBack(database.relaxed, budget, guess)
    throw error
  }
  if (found === undefined) return { outcome: 'wrong' }
  await settleRight(database.relaxed, budget, guess)
  return { outcome: 'right', found }
}
