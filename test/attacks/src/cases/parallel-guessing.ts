import type { Connection } from '../attacker/ask.ts'
import { openKey, type Owner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface ParallelGuessing {
  /** One for each process that shares the database. */
  baseUrls: readonly string[]
  owner: Owner
  guesses: number
  /** To each base URL. */
  connections: number
  randomness: Randomness
  /** Called once, in the middle of the evaluated guesses: after the fifth answer. */
  killOnTheWay?: () => Promise<void>
}

export interface GuessingVerdict {
  guesses: number
  /** Answered 404: the PIN was compared. */
  evaluated: number
  /** Answered 429. */
  refused: number
  /** The connection broke before an answer came. */
  lost: number
  /** Any other status, which should not be. */
  strange: Record<number, number>
}

/** Case 1: many wrong PINs at once. A counter that is read, raised and written lets all of them pass that read it together. */
export async function guessInParallel(attack: ParallelGuessing): Promise<GuessingVerdict> {
  const { baseUrls, owner, guesses, connections, randomness } = attack
  const pins = Array.from({ length: guesses }, () => randomness.wrongPin(owner.pin))
  let answered = 0
  const statuses = await storm({
    work: pins,
    connections: connections * baseUrls.length,
    perform: async (connection, pin, index) => {
      const baseUrl = baseUrls[index % baseUrls.length] ?? ''
      const status = await statusOf({ connection, baseUrl, keyId: owner.keyId, pin })
      if (++answered === 5) await attack.killOnTheWay?.()
      return status
    },
  })
  return judge(statuses)
}

interface Guess {
  connection: Connection
  baseUrl: string
  keyId: string
  pin: string
}

const lost = 0

const statusOf = (guess: Guess): Promise<number> =>
  openKey(guess).then(
    ({ status }) => status,
    () => lost,
  )

function judge(statuses: readonly number[]): GuessingVerdict {
  const count = (status: number) => statuses.filter((other) => other === status).length
  const strange = [...new Set(statuses)].filter((status) => ![404, 429, lost].includes(status))
  return {
    guesses: statuses.length,
    evaluated: count(404),
    refused: count(429),
    lost: count(lost),
    strange: Object.fromEntries(strange.map((status) => [status, count(status)])),
  }
}
