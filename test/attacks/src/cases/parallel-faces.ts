import { newDevice } from '@strongroom/mpc-auth/testing'
import type { Answer, Connection } from '../attacker/ask.ts'
import { codeOf, type DuoPerson, type DuoPlace, type Scan, scanFrom, type SettledDuo } from '../attacker/duo-people.ts'
import { storm } from '../attacker/storm.ts'

export interface ParallelFaces {
  readonly place: DuoPlace
  /** One for each process that shares the database. */
  readonly baseUrls: readonly string[]
  /** Whose token the attacker has, and whose face he has not. */
  readonly victim: SettledDuo
  readonly guesses: number
  /** To each base URL. */
  readonly connections: number
  /** Called once, after the second answer. */
  readonly killOnTheWay?: () => Promise<void>
}

export interface FaceVerdict {
  readonly guesses: number
  /** Answered that the face differs: it was judged. */
  readonly judged: number
  /** Answered 100707. */
  readonly refused: number
  /** The connection broke before an answer came. */
  readonly lost: number
  /** Any other code, which should not be. */
  readonly strange: Readonly<Record<number, number>>
}

const LOST = 0
const [DIFFERS, TOO_MANY] = [100706, 100707]

/** Case 1: many wrong faces at once. A counter that is read, asked about and written lets all of them through that read it together. */
export async function guessFacesInParallel(attack: ParallelFaces): Promise<FaceVerdict> {
  const { place, baseUrls, victim, guesses, connections, killOnTheWay } = attack
  const scans = await prepareScans(place, guesses)
  let answered = 0
  const codes = await storm({
    work: scans,
    connections: connections * baseUrls.length,
    perform: async (connection, scan, index) => {
      const there = baseUrls[index % baseUrls.length] ?? ''
      const code = await codeFrom(connection, victim.person, {
        there,
        path: '/v2/keyshare/recover',
        body: { key_ids: [victim.keyId], ...scan },
      })
      if (++answered === 2) await killOnTheWay?.()
      return code
    },
  })
  return judge(codes)
}

/** Case 1: the same by both doors that a face opens, which share one budget. A device is new each time. */
export async function guessFacesByTwoDoors({ place, victim, guesses, connections }: Omit<ParallelFaces, 'baseUrls'>) {
  const scans = await prepareScans(place, guesses)
  const { person, keyId } = victim
  const codes = await storm({
    work: scans,
    connections,
    perform: async (connection, scan, index) => {
      const isNewDevice = index % 2 === 0
      const body = isNewDevice ? { ...(await person.signed(newDevice())), ...scan } : { key_ids: [keyId], ...scan }
      const path = isNewDevice ? '/auth/devices/register' : '/v2/keyshare/recover'
      return codeFrom(connection, person, { there: place.baseUrl, path, body })
    },
  })
  return judge(codes)
}

/** Every one of a session of its own, alive: nothing is wrong with them but whose face it is. */
async function prepareScans(place: DuoPlace, count: number): Promise<Scan[]> {
  const scans: Scan[] = []
  while (scans.length < count) {
    const some = Math.min(50, count - scans.length)
    scans.push(...(await Promise.all(Array.from({ length: some }, () => scanFrom(place, { person: 'the thief' })))))
  }
  return scans
}

interface Told {
  readonly there: string
  readonly path: string
  readonly body: object
}

const codeFrom = (connection: Connection, person: DuoPerson, { there, path, body }: Told): Promise<number> =>
  connection.ask({ ...person.question('POST', path, body), url: `${there}${path}` }).then(codeOf, () => LOST)

function judge(codes: readonly number[]): FaceVerdict {
  const count = (code: number) => codes.filter((other) => other === code).length
  const strange = [...new Set(codes)].filter((code) => ![DIFFERS, TOO_MANY, LOST].includes(code))
  return {
    guesses: codes.length,
    judged: count(DIFFERS),
    refused: count(TOO_MANY),
    lost: count(LOST),
    strange: Object.fromEntries(strange.map((code) => [code, count(code)])),
  }
}

export interface ParallelAnswers {
  readonly baseUrls: readonly string[]
  readonly person: DuoPerson
  /** Sent one after the other, all to one challenge. */
  readonly bodies: readonly object[]
  readonly connections: number
  readonly killOnTheWay?: () => Promise<void>
}

/** Case 1: many answers to one challenge at once: how many of them were compared, by the code that each was answered with. */
export async function answerInParallel(attack: ParallelAnswers): Promise<Record<number, number>> {
  const { baseUrls, person, bodies, connections, killOnTheWay } = attack
  let answered = 0
  const path = '/auth/devices/register'
  const codes = await storm({
    work: bodies,
    connections: connections * baseUrls.length,
    perform: async (connection, body, index) => {
      const there = baseUrls[index % baseUrls.length] ?? ''
      const code = await codeFrom(connection, person, { there, path, body })
      if (++answered === 2) await killOnTheWay?.()
      return code
    },
  })
  return Object.fromEntries([...Map.groupBy(codes, (code) => code)].map(([code, all]) => [code, all.length]))
}

/** Guesses that are left, found by spending them one by one. */
export async function facesLeft(victim: SettledDuo, most = 15): Promise<number> {
  for (let judged = 0; judged < most; judged++) {
    const answer: Answer = await victim.person.recover([victim.keyId], await victim.person.scan('the thief'))
    if (codeOf(answer) === TOO_MANY) return judged
  }
  return most
}
