import type { Answered, Person } from '@strongroom/sss-lca/testing'
import {
  askLoginCode,
  type LcaContact,
  type LcaPlace,
  mailedCode,
  must,
  newShare,
  personAt,
  settle,
} from '../attacker/lca-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface Vandalism {
  place: LcaPlace
  contact: LcaContact
  randomness: Randomness
}

export interface Vandalized {
  owner: Person
  /** The share that belongs to the one on the owner's device, and its version. */
  share: string
  shareVersion: number
  /** The same login, a DID of his own. */
  vandal: Person
  /** To everything that he did, in order. */
  done: number[]
}

const rotations = 10

/** Case 33: whoever has the login token and a presentation that was seen once destroys what he can. */
export async function vandalize({ place, contact, randomness }: Vandalism): Promise<Vandalized> {
  const owner = await settle(place, contact, newShare(randomness))
  const share = newShare(randomness)
  await must(owner.put(share))
  await must(owner.addMethod({ type: 'passkey', credentialId: 'owner', encryptedShare: share, shareVersion: 2 }))
  const done: number[] = []
  const act = async (asked: Promise<Answered>) => void done.push((await asked).status)
  for (let turn = 0; turn < rotations; turn++) await act(owner.put(newShare(randomness)))
  await act(owner.addMethod({ type: 'passkey', credentialId: 'owner', encryptedShare: 'the vandal’s' }))
  const address = newAddress(randomness)
  const code = await mailedCode(place, address, () => owner.addEmail(address))
  await act(owner.verifyEmail(code))
  await act(owner.remove())
  const vandal = personAt(place, contact)
  await act(vandal.put(newShare(randomness)))
  return { owner, share, shareVersion: 2, vandal, done }
}

/** Case 33: the record moved to an address of the vandal's, where its owner's login no longer leads. */
export async function moveAway({ place, contact, randomness }: Vandalism & { contact: { readonly phone: string } }) {
  const share = newShare(randomness)
  const owner = await settle(place, contact, share)
  const email = newAddress(randomness)
  const code = await mailedCode(place, email, askLoginCode(owner, email))
  const { status } = await owner.upgrade({ previousPhone: contact.phone, email, code })
  return { owner, share, email, status }
}

/** Has challenges given out to the owner's DID, by a presentation that was seen once, until `stop` is called. */
export function floodChallenges(owner: Person, connections: number) {
  const vp = owner.vp()
  const stopped = new AbortController()
  let asked = 0
  const pour = async (_: unknown, caller: number) => {
    while (!stopped.signal.aborted) {
      // He has many addresses.
      const headers = { 'x-forwarded-for': `203.0.113.${String(caller + (asked++ % 20) * connections)}` }
      await owner.ask({ method: 'GET', path: '/challenges?amount=100', vp, headers })
    }
  }
  const running = Promise.all(Array.from({ length: connections }).map(pour))
  return {
    async stop(): Promise<number> {
      stopped.abort()
      await running
      return asked
    },
  }
}

export interface Shown {
  authShare: { encryptedData: string } | null
  primaryDid: string
  shareVersion: number
  recoveryMethods: { type: string; credentialId?: string; shareVersion?: number }[]
  maskedRecoveryEmail: string | null
}

/** What a login is shown. */
export const shownTo = async (person: Person, shareVersion?: number): Promise<Shown | null> =>
  (await must(person.get(shareVersion === undefined ? {} : { shareVersion }))).body as Shown | null
