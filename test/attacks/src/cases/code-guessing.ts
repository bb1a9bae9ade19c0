import { clientOf } from '@strongroom/key-server/testing'
import { codesTo, fetchResetCode, type Person, type Place } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface CodeGuessing {
  place: Place
  /** Verified, so that anybody may have codes sent. */
  victim: Person
  /** Before each a fresh code is sent. */
  rounds: number
  guesses: number
  connections: number
  randomness: Randomness
}

export interface CodeVerdict {
  guesses: number
  /** Answered 404, over all rounds and spellings: compared with what the victim was sent. */
  evaluated: number
  refused: number
  /** Any other status: one of them guessed right, or the server failed. */
  strange: number[]
  /** To the code that was sent last, when all is over. */
  rightCode: number
}

/** Case 16: six digits at once, by turns for both purposes, under every spelling, and a new code whenever it pays. */
export async function guessCodes(attack: CodeGuessing): Promise<CodeVerdict> {
  const { place, victim, connections, randomness } = attack
  const statuses: number[] = []
  let sent = ''
  for (let round = 0; round < attack.rounds; round++) {
    // A server may refuse to send more: then the attacker goes on with what was sent.
    sent = await fetchResetCode(place, victim).catch(() => sent)
    const known = await codesTo(place, victim.userId)
    const guessed = await storm({
      work: Array.from({ length: attack.guesses }, (_, turn) => turn),
      connections,
      perform: async (connection, turn) => {
        const url = `${place.baseUrl}/v2/key/${victim.keyId}/user/${encodeURIComponent(spell(victim.userId, turn))}`
        const op = turn % 2 === 0 ? 'reset-pin' : 'verify'
        const body = { code: wrongCode(randomness, known), op, newPin: '8642' }
        return (await connection.ask({ method: 'PUT', url, body })).status
      },
    })
    statuses.push(...guessed)
  }
  const { keyId, userId } = victim
  const right = await clientOf(place.baseUrl).verify(keyId, userId, { code: sent, op: 'reset-pin', newPin: '8642' })
  const count = (status: number) => statuses.filter((one) => one === status).length
  return {
    guesses: statuses.length,
    evaluated: count(404),
    refused: count(429),
    strange: statuses.filter((status) => status !== 404 && status !== 429),
    rightCode: right.status,
  }
}

/** Spellings of one address: each must count as that address. The Kelvin sign is a k in lower case. */
const spellings: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => address.toUpperCase(),
  (address) => address.replace(/^\w/, (letter) => letter.toUpperCase()),
  (address) => address.replace(/k(?=.*@)/, '\u212a'),
]

const spell = (address: string, turn: number): string => spellings[turn % spellings.length]?.(address) ?? address

function wrongCode(randomness: Randomness, known: readonly string[]): string {
  const code = String(randomness.integer(1_000_000)).padStart(6, '0')
  return known.includes(code) ? wrongCode(randomness, known) : code
}

export interface AliasVerdict {
  /** Addresses that are other people's, under which the code served. */
  served: string[]
  /** To the code under its own address, afterwards. */
  own: number
}

/** Case 16: a right code, under addresses that somebody might take for that of the victim. */
export async function aliasCode({ place, victim }: Pick<CodeGuessing, 'place' | 'victim'>): Promise<AliasVerdict> {
  const code = await fetchResetCode(place, victim)
  const [name = '', domain = ''] = victim.userId.split('@')
  const others = [
    `${name}+tag@${domain}`,
    `${name.slice(0, 1)}.${name.slice(1)}@${domain}`,
    `${name}@mail.${domain}`,
    // Letters that look like those of the address, or are folded to them by some.
    `${name.replace('a', '\u0430')}x@${domain}`,
    `${name}\u200b@${domain}`,
    `${name.normalize('NFD')}\u0301@${domain}`,
  ]
  const served: string[] = []
  const prove = (address: string) =>
    clientOf(place.baseUrl).verify(victim.keyId, address, { code, op: 'reset-pin', newPin: '8642' })
  for (const other of others) {
    const { status } = await prove(other)
    if (status !== 404 && status !== 400) served.push(other)
  }
  return { served, own: (await prove(victim.userId)).status }
}
