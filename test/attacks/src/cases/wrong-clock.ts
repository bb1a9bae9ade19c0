import { clientOf } from '@strongroom/key-server/testing'
import { budget } from '../attacker/guess-budget.ts'
import { becomeUser, fetchResetCode, newAddress, type Place } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface WrongClock {
  /** A process whose clock is behind, and one whose clock is ahead. They may be one, which `jump` sets on. */
  behind: Place
  ahead: Place
  jump: () => void
  /** Time passes for the world, and for its database. */
  passTime: (interval: '61 minutes') => Promise<void>
  randomness: Randomness
}

export interface ClockVerdict {
  /** Answers, in the order of the attack: to arming, to completing at once where the clock is ahead. */
  armed: number
  completed: number
  /** The PIN of that completion opens the key. */
  isReset: boolean
  /** To a code of more than an hour ago, where the clock is behind. */
  oldCode: number
  /** To one more guess when the budget was spent, where it was spent and where the clock is ahead. */
  spent: number
  spentAhead: number
}

const [pin, newPin] = ['4829', '8642']

/** Case 23: whoever sets a process's clock wrong, or asks one whose clock is, gains no time. */
export async function abuseWrongClock(attack: WrongClock): Promise<ClockVerdict> {
  const { behind, ahead, jump, passTime, randomness } = attack
  const person = await becomeUser(behind, pin, newAddress(randomness))
  const { keyId, userId } = person
  const reset = { op: 'reset-pin', newPin }
  const [early, late] = [clientOf(behind.baseUrl), clientOf(ahead.baseUrl)]
  const armed = await early.verify(keyId, userId, { ...reset, code: await fetchResetCode(behind, person) })
  jump()
  const completed = await late.verify(keyId, userId, { ...reset, code: await fetchResetCode(ahead, person) })
  // Not asked of the server while the lock waits: a right PIN would cancel it.
  const old = await fetchResetCode(ahead, person)
  await passTime('61 minutes')
  const oldCode = await early.verify(keyId, userId, { ...reset, code: old })

  const other = await early.create(pin)
  for (let guess = 0; guess < budget; guess++) await early.open(other, randomness.wrongPin(pin))
  const spent = await early.open(other, randomness.wrongPin(pin))
  jump()
  const spentAhead = await late.open(other, randomness.wrongPin(pin))
  return {
    armed: armed.status,
    completed: completed.status,
    isReset: (await early.open(keyId, newPin)).status === 200,
    oldCode: oldCode.status,
    spent: spent.status,
    spentAhead: spentAhead.status,
  }
}
