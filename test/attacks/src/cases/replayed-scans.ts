import { newDevice } from '@strongroom/mpc-auth/testing'
import { codeOf, type DuoPlace, duoPerson, mustDo, type Scan, settleDuo } from '../attacker/duo-people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface ScanReplay {
  readonly place: DuoPlace
  readonly randomness: Randomness
  /** Of the face server, so far. */
  readonly judged: () => number
}

/** Case 12: a scan that passed once, seen on its way and shown again: by code, and how often it came to the face server. */
export async function replayScan({ place, randomness, judged }: ScanReplay) {
  const owner = await settleDuo(place, randomness)
  const { person, keyId } = owner
  const scan = await person.scan()
  await mustDo(person.recover([keyId], scan))
  const before = judged()
  const thief = await duoPerson(place, `auth0|${randomness.token(24)}`)
  await mustDo(thief.send('POST', '/auth/users/register', {}))
  const codes = {
    'to recover': codeOf(await person.recover([keyId], scan)),
    'for a new device': codeOf(await person.addDevice({ ...(await person.signed(newDevice())), ...scan })),
    'as a stranger’s face': codeOf(await thief.addFace(scan)),
    // The four fields are told apart by the first: other pictures do not make another scan of it.
    'with other pictures': codeOf(
      await person.recover([keyId], { ...(await person.scan()), face_scan: scan.face_scan }),
    ),
  }
  return { codes, judgedAgain: judged() - before, owner, scan }
}

/** Case 12: copies of one fresh scan at once: how many of them opened anything. */
export async function raceScan(
  { place, randomness, judged }: ScanReplay,
  copies: number,
): Promise<{ opened: number; judged: number }> {
  const { person, keyId } = await settleDuo(place, randomness)
  const scan: Scan = await person.scan()
  const before = judged()
  const answers = await Promise.all(Array.from({ length: copies }, () => person.recover([keyId], scan)))
  return { opened: answers.filter(({ status }) => status === 200).length, judged: judged() - before }
}
