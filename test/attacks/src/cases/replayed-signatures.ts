import { derToP1363, fromHex, p1363ToDer, toHex } from '@strongroom/crypto'
import { newDevice } from '@strongroom/mpc-auth/testing'
import { codeOf, type DuoPerson, duoPerson, type DuoPlace, mustDo, type Signed } from '../attacker/duo-people.ts'
import type { Randomness } from '../attacker/randomness.ts'

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The same signature once more, in other bytes: (r, n − s) is as good as (r, s). */
export function twinOf(signature: string): string {
  const bytes = derToP1363(fromHex(signature))
  const s = BigInt(`0x${toHex(bytes.subarray(32))}`)
  const twin = (ORDER - s).toString(16).padStart(64, '0')
  return toHex(p1363ToDer(Uint8Array.from([...bytes.subarray(0, 32), ...fromHex(twin)])))
}

/** What a signature that was not believed is answered with. */
const unbelieved = [100501, 100502, 100503, 100504]

export interface SignatureReplay {
  readonly place: DuoPlace
  readonly randomness: Randomness
}

export type Shown =
  'again' | 'its twin' | 'by another user' | 'to another user’s challenge' | 'for another key' | 'at a face'

export interface ReplayVerdict {
  /** How the used signature was shown, and believed. */
  readonly believed: readonly Shown[]
  /** A signature over a new challenge is answered: 200. */
  readonly retried: number
  readonly owner: DuoPerson
  readonly used: Signed
}

/** Case 12: a signature over a challenge, seen on its way and used, shown once more in every way. */
export async function replaySignature({ place, randomness }: SignatureReplay): Promise<ReplayVerdict> {
  const [owner, thief] = [await newUser(place, randomness), await newUser(place, randomness)]
  const device = newDevice()
  const used = await owner.signed(device)
  await mustDo(owner.addDevice(used))
  const other = newDevice()
  const believed: Shown[] = []
  const show = async (shown: Shown, person: DuoPerson, body: object) => {
    if (!unbelieved.includes(codeOf(await person.addDevice(body)))) believed.push(shown)
  }
  await show('again', owner, used)
  await show('its twin', owner, { ...used, signature: twinOf(used.signature) })
  await show('by another user', thief, used)
  await thief.challenge(device.key)
  await show('to another user’s challenge', thief, used)
  await owner.challenge(other.key)
  await show('for another key', owner, { ...used, device_id: other.key })
  const face = await owner.addFace({ ...(await owner.scan()), ...used })
  if (!unbelieved.includes(codeOf(face))) believed.push('at a face')
  const { status } = await owner.addDevice(await owner.signed(device))
  return { believed, retried: status, owner, used }
}

export async function newUser(place: DuoPlace, randomness: Randomness): Promise<DuoPerson> {
  const person = await duoPerson(place, `auth0|${randomness.token(24)}`)
  await mustDo(person.send('POST', '/auth/users/register', {}))
  return person
}

export const isBelieved = async (person: DuoPerson, signed: Signed): Promise<boolean> =>
  !unbelieved.includes(codeOf(await person.addDevice(signed)))
