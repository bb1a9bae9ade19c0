import { newDevice } from '@strongroom/mpc-auth/testing'
import {
  askHook,
  askToSign,
  codeOf,
  type DuoPlace,
  newInstance,
  type SettledDuo,
  settleDuo,
} from '../attacker/duo-people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { askForBytes } from '../attacker/same-bytes.ts'

/** Somebody with a generation that waits for its key, and a device that has yet to answer its challenge. */
export interface WaitingDuo extends SettledDuo {
  readonly instance: string
  /** The answer of `fresh` to its challenge. */
  readonly signature: string
  readonly fresh: ReturnType<typeof newDevice>
}

export async function settleWaiting(place: DuoPlace, randomness: Randomness): Promise<WaitingDuo> {
  const settled = await settleDuo(place, randomness)
  const [fresh, instance] = [newDevice(), newInstance(randomness)]
  const verdict = await askHook(place, 'dkg-setup', { token: settled.device.key, setup: {}, instance })
  if (verdict !== 'ok') throw new Error('A generation was not approved.')
  return { ...settled, fresh, instance, signature: fresh.sign(await settled.person.challenge(fresh.key)) }
}

export type TwoWaiting = readonly [WaitingDuo, WaitingDuo]

export interface KeyshareTransplant {
  readonly place: DuoPlace
  /** Each is put to the test on two people of its own, and moves back by the same call. Throws if the database forbids it. */
  readonly moves: Readonly<Record<string, (people: TwoWaiting) => Promise<unknown>>>
  readonly randomness: Randomness
}

export interface KeyshareVerdict {
  /** Moves by which somebody was given what is another's, and what that was. */
  readonly foreign: string[]
  readonly forbidden: string[]
  /** Moves after which somebody does not recover and sign as before when all is back in place. */
  readonly broken: string[]
}

const AT_ONCE = 4

/** Case 7: rows and columns of two people exchanged by whoever can write SQL, who then asks for everything that is the other's. */
export async function transplantKeyshares(attack: KeyshareTransplant): Promise<KeyshareVerdict> {
  const verdict: KeyshareVerdict = { foreign: [], forbidden: [], broken: [] }
  const left = Object.entries(attack.moves)
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) await tryMove(attack, next, verdict)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return verdict
}

type Moves = KeyshareTransplant['moves']

async function tryMove(
  { place, randomness }: KeyshareTransplant,
  [name, move]: [string, Moves[string]],
  { foreign, forbidden, broken }: KeyshareVerdict,
): Promise<void> {
  const people = [await settleWaiting(place, randomness), await settleWaiting(place, randomness)] as const
  try {
    await move(people)
  } catch {
    return void forbidden.push(name)
  }
  for (const [mine, theirs] of [people, [people[1], people[0]]] as const) {
    const won = await reachFor({ place, mine, theirs, randomness })
    foreign.push(...won.map((what) => `${name}: ${what}`))
  }
  await move(people)
  for (const { person, device, keyId, share } of people) {
    const recovered = await person.recover([keyId], await person.scan())
    const verdict = await askToSign(place, { device, keyId, instance: newInstance(randomness) })
    if (!recovered.body.includes(share) || verdict !== 'ok') broken.push(name)
  }
}

interface Reach {
  readonly place: DuoPlace
  readonly mine: WaitingDuo
  readonly theirs: WaitingDuo
  readonly randomness: Randomness
}

async function reachFor({ place, mine, theirs, randomness }: Reach): Promise<string[]> {
  const won: string[] = []
  const { person, device } = mine
  // What does not open ends the answer in its middle: what came until then counts.
  for (const keyId of [theirs.keyId, mine.keyId]) {
    const wanted = { key_ids: [keyId], ...(await person.scan()) }
    const recovered = await askForBytes(person.question('POST', '/v2/keyshare/recover', wanted))
    if (recovered.includes(theirs.share)) won.push('their share')
  }

  const sign = (who: WaitingDuo['device'], keyId: string) =>
    askToSign(place, { device: who, keyId, instance: newInstance(randomness) })
  if ((await sign(device, theirs.keyId)) === 'ok') won.push('a signature with their key')

  // A key that is made while rows are moved is used by the device that made it, or by none.
  const nameKey = async (who: WaitingDuo['device']) => {
    const keyId = `key_${randomness.token(16)}`
    const told = { token: who.key, key_id: keyId, instance: theirs.instance }
    return { keyId, verdict: await askHook(place, 'key-id', told) }
  }
  const made = await nameKey(theirs.device)
  if ((await sign(device, made.keyId)) === 'ok') won.push('the key that they generated')
  const claimed = await nameKey(device)
  if ((await sign(theirs.device, claimed.keyId)) === 'ok') won.push('a key of ours, given to them')
  if (claimed.verdict === 'ok') won.push('their generation')

  const answered = { device_id: theirs.fresh.key, signature: theirs.signature }
  const registered = codeOf(await person.addDevice({ ...answered, ...(await person.scan()) }))
  if (registered === 201 || registered === 200) won.push('their device')
  return won
}
