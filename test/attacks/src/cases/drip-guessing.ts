import { openKey, type Owner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface DripGuessing {
  baseUrl: string
  owner: Owner
  /** Moves the server's time on. */
  passSeconds: (seconds: number) => Promise<void>
  years: number
  /** Stops early at so many: then there is no end to it. */
  enough: number
  randomness: Randomness
}

export interface DripVerdict {
  evaluated: number
  /** How often the attacker was told to wait, and came back just then. */
  waits: number
  /** Each wait was at least as long as the one before. */
  isSlowing: boolean
}

const year = 365 * 24 * 60 * 60

/** Case 4: one who never hurries, and guesses for years at the greatest rate that he is allowed. */
export async function guessForYears(attack: DripGuessing): Promise<DripVerdict> {
  const { baseUrl, owner, passSeconds, years, enough, randomness } = attack
  const waits: number[] = []
  let evaluated = 0
  let passed = 0
  while (passed < years * year && evaluated < enough) {
    const { status, body } = await openKey({ baseUrl, keyId: owner.keyId, pin: randomness.wrongPin(owner.pin) })
    if (status === 404) evaluated++
    if (status !== 429) continue
    const until = Date.parse((JSON.parse(body) as { delay: string }).delay)
    const seconds = Math.ceil((until - Date.now()) / 1_000) - passed + 1
    await passSeconds(seconds)
    passed += seconds
    waits.push(seconds)
  }
  // To the minute: what the guesses themselves took is no part of it.
  const isSlowing = waits.every((wait, place) => wait + 60 >= (waits[place - 1] ?? 0))
  return { evaluated, waits: waits.length, isSlowing }
}
