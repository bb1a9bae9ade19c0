import type { Person } from '@strongroom/sss-lca/testing'
import { type LcaPlace, must, newShare, personAt } from '../attacker/lca-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { openSession } from './relay-hijack.ts'

export interface Replay {
  place: LcaPlace
  randomness: Randomness
}

interface Asking {
  method: string
  path: string
  /** Beside the login, which every one of them takes in its body. */
  body?: (randomness: Randomness) => object
}

const share = (randomness: Randomness) => ({ encryptedData: newShare(randomness), encryptedDek: '', iv: '' })

/** Every endpoint that a presentation opens. */
const doors = {
  'store a share': { method: 'PUT', path: '/keys/auth-share', body: (drawn) => ({ authShare: share(drawn) }) },
  'add a method': { method: 'POST', path: '/keys/recovery', body: () => ({ type: 'phrase' }) },
  'add an e-mail': {
    method: 'POST',
    path: '/keys/recovery-email/add',
    body: (drawn) => ({ email: newAddress(drawn) }),
  },
  'verify an e-mail': { method: 'POST', path: '/keys/recovery-email/verify', body: () => ({ code: '000000' }) },
  'start over': { method: 'POST', path: '/keys/start-over', body: () => ({}) },
  'cancel a start': { method: 'DELETE', path: '/keys/start-over' },
  restore: { method: 'POST', path: '/keys/restore', body: () => ({}) },
  delete: { method: 'POST', path: '/keys/delete', body: () => ({}) },
} satisfies Record<string, Asking>

export type Door = keyof typeof doors
export const allDoors = Object.keys(doors) as Door[]

/** Shows a presentation beside the owner's login; true where it was believed, whatever came of it. */
export async function knock(owner: Person, door: Door, { vp, randomness }: { vp: string; randomness: Randomness }) {
  const { method, path, body }: Asking = doors[door]
  const sent = body && { ...(await owner.login()), ...body(randomness) }
  const { status } = await owner.ask({ method, path, vp, ...(sent && { body: sent }) })
  return ![401, 403, 501].includes(status)
}

/** With a fresh challenge, which is believed everywhere. */
export async function makeRecord(owner: Person, randomness: Randomness): Promise<void> {
  const body = { ...(await owner.login()), authShare: share(randomness) }
  await must(owner.ask({ method: 'PUT', path: '/keys/auth-share', vp: owner.vp(await owner.challenge()), body }))
}

/** Case 12: a presentation without a challenge, seen once on its way, and one of a stranger's DID: where each is believed. */
export async function presentWithoutChallenge({ place, randomness }: Replay) {
  const owner = personAt(place, { email: newAddress(randomness) })
  const believed = { captured: [] as Door[], stranger: [] as Door[] }
  for (const [whose, vp] of [
    ['captured', owner.vp()],
    ['stranger', personAt(place, {}).vp()],
  ] as const) {
    for (const door of allDoors) {
      // A door may have deleted it: what is nobody's is everybody's.
      await makeRecord(owner, randomness)
      if (await knock(owner, door, { vp, randomness })) believed[whose].push(door)
    }
  }
  return believed
}

/** Case 12: a captured presentation beside a login of the thief's own: a record for the DID of its owner, and what it is good for. */
export async function borrowDid({ place, randomness }: Replay) {
  const owner = personAt(place, { email: newAddress(randomness) })
  const thief = personAt(place, { email: newAddress(randomness) })
  const login = await thief.login()
  const body = { ...login, authShare: share(randomness) }
  const { status: stored } = await thief.ask({ method: 'PUT', path: '/keys/auth-share', vp: owner.vp(), body })
  const { sessionId } = await openSession(place)
  await thief.ask({
    path: `/qr-login/session/${sessionId}/approve`,
    body: { ...login, encryptedPayload: 'the thief’s' },
  })
  const { text } = await thief.ask({ method: 'GET', path: `/qr-login/session/${sessionId}` })
  return { stored, isShownAsOwner: text.includes(owner.did) }
}

/** Case 12: the answer to a challenge, shown again, at every other door, and by another DID. */
export async function replayAnswer({ place, randomness }: Replay) {
  const email = newAddress(randomness)
  const owner = personAt(place, { email })
  await makeRecord(owner, randomness)
  const challenge = await owner.challenge()
  const stranger = personAt(place, {}).vp(challenge)
  const isStrangersBelieved = await knock(owner, 'store a share', { vp: stranger, randomness })
  const vp = owner.vp(challenge)
  const isOwnBelieved = await knock(owner, 'store a share', { vp, randomness })
  const again: Door[] = []
  for (const door of allDoors) if (await knock(owner, door, { vp, randomness })) again.push(door)
  /** The same person, at another process. */
  const ownerAt = (other: LcaPlace): Person => personAt(other, { email, seed: owner.seed })
  return { isStrangersBelieved, isOwnBelieved, again, owner, ownerAt, vp }
}
