import { setTimeout as pass } from 'node:timers/promises'
import { clientOf } from '@strongroom/key-server/testing'
import { codesTo, fetchResetCode, type Person, type Place } from '../attacker/people.ts'

export interface ResetTransplant {
  place: Place
  /** Each has a key with one verified user, and a reset that is open. */
  victim: Person
  thief: Person
  /** In base64. */
  victimsKey: string
  /** Moves something between the rows of the two. */
  swap: () => Promise<void> | void
  /** Has a code sent for the victim, which a thief would want to be misled. The original's would replace what was moved. */
  disturbs: boolean
}

export interface ResetVerdict {
  /** A code that was asked for the victim reached the thief. */
  isMisled: boolean
  /** A code of the thief's was taken for the victim's key: 200 or 423. */
  isTaken: boolean
  /** The PIN that the thief chose opens the victim's key, or his own id releases it. */
  isOpened: boolean
  /** To the reset of the thief's own key. */
  own: number
}

const newPin = '8642'

/** Case 7: contact, name, copy, lock or code moved between two people's rows, to reset the PIN of the other's key. */
export async function transplantReset(attack: ResetTransplant): Promise<ResetVerdict> {
  const { place, victim, thief, victimsKey, swap } = attack
  const client = clientOf(place.baseUrl)
  const mine = await fetchResetCode(place, thief)
  await swap()
  const before = (await codesTo(place, thief.userId)).length
  if (attack.disturbs) {
    await client.askReset(victim.keyId, victim.userId)
    // A code that reaches nobody cannot be waited for; one that reaches somebody takes a few milliseconds.
    await pass(1_000)
  }
  const strayed = (await codesTo(place, thief.userId)).slice(before)
  const prove = async (keyId: string, userId: string, code: string) =>
    (await client.verify(keyId, userId, { code, op: 'reset-pin', newPin })).status
  const taken: number[] = []
  for (const code of [mine, ...strayed]) {
    for (const userId of [victim.userId, thief.userId]) taken.push(await prove(victim.keyId, userId, code))
  }
  const own = await prove(thief.keyId, thief.userId, mine)
  const opened = await Promise.all([victim.keyId, thief.keyId].map((keyId) => client.open(keyId, newPin)))
  return {
    isMisled: strayed.length > 0,
    isTaken: taken.some((status) => status === 200 || status === 423),
    isOpened: opened.some(({ text }) => text.includes(victimsKey)),
    own,
  }
}
