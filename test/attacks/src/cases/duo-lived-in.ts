import { newDevice } from '@strongroom/mpc-auth/testing'
import { Aviary, type Canary } from '../attacker/canaries.ts'
import {
  askToSign,
  type DuoPerson,
  duoPerson,
  type DuoPlace,
  makeKey,
  mustDo,
  newInstance,
  type Scan,
} from '../attacker/duo-people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface DuoLivedIn {
  readonly place: DuoPlace
  readonly randomness: Randomness
}

/** Case 5: a world in which everything has happened once, and what nobody may find in what it left. */
export async function liveInDuo({ place, randomness }: DuoLivedIn): Promise<{ canaries: Canary[]; subject: string }> {
  const aviary = new Aviary(randomness)
  const subject = aviary.release('subject', (token) => `auth0|${token}`)
  const person = await duoPerson(place, subject)
  aviary.watch('token', Buffer.from(person.token.split('.')[2] || randomness.token(24)))
  const proven = async (device: ReturnType<typeof newDevice>) => {
    const challenge = await person.challenge(device.key)
    watchChallenge(aviary, 'challenge', challenge)
    return { device_id: device.key, signature: device.sign(challenge) }
  }
  const [phone, laptop, keyId] = [newDevice(), newDevice(), `key_${randomness.token(16)}`]
  await mustDo(person.send('POST', '/auth/users/register', { display_name: aviary.release('display name') }))
  await mustDo(person.addDevice({ ...(await proven(phone)), device_name: aviary.release('device name', nameWith) }))
  await mustDo(person.addFace({ ...(await watchedScan(person, aviary)), ...(await proven(phone)) }))
  await mustDo(
    person.addDevice({
      ...(await proven(laptop)),
      device_name: aviary.release('second device name', nameWith),
      ...(await watchedScan(person, aviary)),
    }),
  )
  await makeKey(place, { device: phone, keyId, instance: newInstance(randomness) })
  await askToSign(place, { device: laptop, keyId, instance: newInstance(randomness) })
  for (const share of ['share', 'newer share']) {
    await mustDo(person.backUp(keyId, Buffer.from(aviary.release(share).repeat(3)).toString('base64')))
  }
  await mustDo(person.recover([keyId], await watchedScan(person, aviary)))
  await person.recover([keyId], await watchedScan(person, aviary, 'a thief'))
  await mustDo(person.send('DELETE', `/v2/devices/${laptop.key}`))
  // Left unanswered: a live challenge is worth most.
  watchChallenge(aviary, 'live challenge', await person.challenge(newDevice().key))
  aviary.watch('secret of a node', Buffer.from(place.nodeSecret))
  return { canaries: aviary.canaries, subject }
}

const nameWith = (token: string): string => `Ann's ${token}`

/** Looked for as the text that it is, and as the bytes that it spells. */
function watchChallenge(aviary: Aviary, name: string, challenge: string): void {
  aviary.watch(name, Buffer.from(challenge))
  aviary.watch(`${name}, its bytes`, Buffer.from(challenge, 'hex'))
}

/** A scan says whose it is and when: what differs from all others in it is looked for, and the whole field. */
async function watchedScan(person: DuoPerson, aviary: Aviary, whose = person.subject): Promise<Scan> {
  const scan = await person.scan(whose)
  const { nonce, session } = JSON.parse(Buffer.from(scan.face_scan, 'base64').toString('utf8')) as FaceMap
  aviary.watch('face field', Buffer.from(nonce))
  aviary.watch('session of a face', Buffer.from(session))
  return scan
}

interface FaceMap {
  readonly nonce: string
  readonly session: string
}
