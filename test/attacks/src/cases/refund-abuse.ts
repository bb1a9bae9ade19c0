import { askAndHangUp } from '../attacker/hang-up.ts'
import { budget, spendWhatRemains } from '../attacker/guess-budget.ts'
import { openKey, type Owner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface RefundAbuse {
  baseUrl: string
  owner: Owner
  randomness: Randomness
}

export interface HangUpAbuse extends RefundAbuse {
  hangUps: number
  connections: number
  /** Milliseconds: each hang-up comes at a random time up to this. */
  patience: number
}

export interface HangUpVerdict {
  hangUps: number
  /** The attacker saw a 404 before he hung up. */
  evaluatedOnTheWay: number
  /** Granted afterwards to one who asks in order. */
  evaluatedAfterwards: number
  evaluated: number
}

/** Case 2: guesses whose client hangs up at a random time. None may come back, whatever had happened to it by then. */
export async function hangUpAndRetry(abuse: HangUpAbuse): Promise<HangUpVerdict> {
  const { baseUrl, owner, randomness, hangUps, connections, patience } = abuse
  const work = Array.from({ length: hangUps }, () => ({
    question: { method: 'GET', url: `${baseUrl}/v2/key/${owner.keyId}`, pin: randomness.wrongPin(owner.pin) },
    after: randomness.integer(patience),
  }))
  const statuses = await storm({ work, connections, perform: (_, hangUp) => askAndHangUp(hangUp) })
  const evaluatedOnTheWay = statuses.filter((status) => status === 404).length
  const evaluatedAfterwards = await spendWhatRemains(baseUrl, owner)
  return { hangUps, evaluatedOnTheWay, evaluatedAfterwards, evaluated: evaluatedOnTheWay + evaluatedAfterwards }
}

export interface SuccessVerdict {
  /** Wrong PINs that are granted after nine wrong ones and one right one. */
  afterOneSuccess: number
  /** The same after nine wrong ones and three right ones: a success gives back once, not thrice. */
  afterThreeSuccesses: number
}

/** Case 2: what a success gives back, counted by what remains. Takes two owners, as each is locked out at the end. */
export async function profitFromSuccess(baseUrl: string, owners: readonly [Owner, Owner]): Promise<SuccessVerdict> {
  return {
    afterOneSuccess: await remainsAfter({ baseUrl, owner: owners[0], successes: 1 }),
    afterThreeSuccesses: await remainsAfter({ baseUrl, owner: owners[1], successes: 3 }),
  }
}

async function remainsAfter({
  baseUrl,
  owner,
  successes,
}: {
  baseUrl: string
  owner: Owner
  successes: number
}): Promise<number> {
  const pins = [...Array<string>(budget - 1).fill(`not-${owner.pin}`), ...Array<string>(successes).fill(owner.pin)]
  for (const pin of pins) await openKey({ baseUrl, keyId: owner.keyId, pin })
  return spendWhatRemains(baseUrl, owner)
}

export interface RaceAbuse extends RefundAbuse {
  rounds: number
}

export interface RaceVerdict {
  /** The owner's successes while the attacker guessed. */
  successes: number
  /** The attacker's wrong PINs that were compared, in the race and afterwards. */
  evaluated: number
  /** Ten before each success and ten after the last. */
  allowed: number
}

/** Case 2: guesses that race the owner's own success. It gives back what came before it, never what came later. */
export async function raceTheOwner({ baseUrl, owner, randomness, rounds }: RaceAbuse): Promise<RaceVerdict> {
  const right = { pin: owner.pin }
  const wrong = () => ({ pin: randomness.wrongPin(owner.pin) })
  let [successes, evaluated] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const work = Array.from({ length: 4 * budget }, wrong)
    work.splice(randomness.integer(budget), 0, right)
    const statuses = await storm({
      work,
      connections: work.length,
      perform: async (connection, { pin }) => (await openKey({ baseUrl, keyId: owner.keyId, pin, connection })).status,
    })
    successes += statuses.filter((status) => status === 200).length
    evaluated += statuses.filter((status) => status === 404).length
  }
  evaluated += await spendWhatRemains(baseUrl, owner)
  return { successes, evaluated, allowed: budget * (successes + 1) }
}
