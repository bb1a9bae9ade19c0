import { clientOf } from '@strongroom/key-server/testing'
import { codesTo, newAddress, type Place } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface ProviderAway {
  place: Place
  takeProvider: () => void
  bringProviderBack: () => void
  /** Waits until the server will send no more. */
  whenSettled: () => Promise<void>
  people: number
  randomness: Randomness
}

export interface AwayVerdict {
  asked: number
  /** Answered that a code is on its way. */
  answered: number
  /** Who got one in the end, and who got more than one. */
  told: number
  doubled: number
}

/** Case 22: the provider is away while people are added. Whoever is told that a code comes gets one. */
export async function addWhileProviderIsAway(attack: ProviderAway): Promise<AwayVerdict> {
  const { place, randomness } = attack
  const client = clientOf(place.baseUrl)
  const addresses = Array.from({ length: attack.people }, () => newAddress(randomness))
  let answered = 0
  attack.takeProvider()
  for (const address of addresses) {
    const keyId = await client.create('4829')
    if ((await client.addUser(keyId, '4829', address)).status === 201) answered++
  }
  attack.bringProviderBack()
  await attack.whenSettled()
  const codes = await Promise.all(addresses.map(async (address) => (await codesTo(place, address)).length))
  return {
    asked: addresses.length,
    answered,
    told: codes.filter((count) => count > 0).length,
    doubled: codes.filter((count) => count > 1).length,
  }
}
