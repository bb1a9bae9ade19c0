import type { WithPgClient } from 'graphile-worker'
import { oneMoreTurn, pause } from './pause.ts'

export type Client = Parameters<Parameters<WithPgClient>[0]>[0]

/** The key of a lock, as SQL over a text expression. Advisory locks are one space of numbers for each database. */
export const lockKey = (name: string): string => `hashtextextended('strongroom jobs ' || ${name}, 0)`

export interface Wish {
  readonly onHeld: (lost: AbortSignal) => void
  released: boolean
}

export type Ask = (text: string, values?: readonly unknown[]) => Promise<unknown>

/**
 * Tries for what is wished and not held, and gives back what is wished no longer. Does not wait in the server for a lock:
 * a statement that waits for days keeps its snapshot, and vacuum from cleaning up.
 */
export async function keepWishes(
  ask: Ask,
  { wishes, held, lost }: { wishes: Map<string, Wish>; held: Set<string>; lost: AbortSignal },
): Promise<void> {
  await ask('select 1')
  for (const [name, wish] of wishes) {
    if (wish.released) {
      if (held.delete(name)) await ask(`select pg_advisory_unlock(${lockKey('$1::text')})`, [name])
      wishes.delete(name)
    } else if (!held.has(name)) {
      if ((await ask(`select pg_try_advisory_lock(${lockKey('$1::text')}) as answer`, [name])) !== true) continue
      held.add(name)
      wish.onHeld(lost)
    }
  }
}

const PATIENCE = 5_000

/**
 * Asks over this connection, and gives it up when it says nothing: a peer that vanished is noticed in seconds, not in the
 * quarter of an hour that TCP takes. Answers with the column `answer` of the first row.
 */
export const askerOver =
  (client: Client, lost: AbortSignal): Ask =>
  async (text, values = []) => {
    lost.throwIfAborted()
    const answered = new AbortController()
    const answer = client.query<{ answer: unknown }>(text, [...values]).finally(() => answered.abort())
    const silence = pause(PATIENCE, AbortSignal.any([lost, answered.signal])).then(oneMoreTurn)
    const found = await Promise.race([answer, silence.then(() => (answered.signal.aborted ? answer : undefined))])
    if (found === undefined) throw new Error('the connection is silent', { cause: lost.reason })
    return found.rows[0]?.answer
  }
