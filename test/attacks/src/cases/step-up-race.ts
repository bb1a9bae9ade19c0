import { connect, type Question } from '../attacker/ask.ts'
import { totpOf } from '../attacker/identity-key.ts'
import { answerTo, type IdentityPlace, mustAnswer, mustDemand, openWallet } from '../attacker/identity-people.ts'
import type { GuardedOwner } from './identity-transplant.ts'

export interface StepUpRace {
  readonly place: IdentityPlace
  readonly victim: GuardedOwner
  /** What tells the owner's requests from the thief's. */
  readonly ownerHeaders: Record<string, string>
  readonly thiefHeaders: Record<string, string>
  /** Connections on which the thief asks again and again. */
  readonly connections: number
}

export interface StepUpVerdict {
  /** Answers in which the thief got the wallet. */
  readonly thief: number
  /** Requests of the thief in all. */
  readonly asked: number
  readonly owner: number
}

/** Case 31: who knows the password polls the owner's own request while the owner verifies TOTP, and after it. */
export async function raceStepUp(attack: StepUpRace): Promise<StepUpVerdict> {
  const { place, victim, ownerHeaders, thiefHeaders, connections } = attack
  const { owner, totp } = victim
  const asking = (headers: Record<string, string>): Question => ({
    ...openWallet(place, owner.walletId),
    headers: { ...openWallet(place, owner.walletId).headers, ...headers },
  })
  const own = connect()
  const race = { over: false, thief: 0, asked: 0 }
  const poll = async () => {
    const connection = connect()
    while (!race.over) {
      const { status } = await connection.ask(asking(thiefHeaders))
      race.asked++
      if (status === 200) race.thief++
    }
    connection.close()
  }
  const polls = Promise.all(Array.from({ length: connections }, poll))
  const demand = mustDemand(await own.ask(asking(ownerHeaders)))
  await place.forgetSteps?.()
  await mustAnswer(answerTo(place, demand, totpOf(totp.secret)), 204)
  // The owner's client takes its time: the thief has every chance.
  const enough = race.asked + 3 * connections
  while (race.asked < enough && race.thief === 0) await new Promise((resolve) => void setTimeout(resolve, 5))
  const { status } = await own.ask(asking(ownerHeaders))
  race.over = true
  await polls
  own.close()
  return { thief: race.thief, asked: race.asked, owner: status }
}
