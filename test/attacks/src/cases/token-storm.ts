import { setTimeout as pass } from 'node:timers/promises'
import type { Answer } from '../attacker/ask.ts'
import { spendWhatRemains } from '../attacker/guess-budget.ts'
import { becomeOwner, openKey, type Owner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'
import type { Target } from '../target.ts'

export interface TokenStorm extends Pick<Target, 'takeToken' | 'bringTokenBack'> {
  baseUrl: string
  owners: number
  /** Of each owner, right and wrong PINs in turn, while the token goes and again while it is away. */
  tries: number
  connections: number
  /** So many owners try wrong PINs only, and are asked afterwards what they have left. */
  counted: number
  randomness: Randomness
}

export interface Weather {
  asked: number
  /** Answered 200 or 404: the PIN was compared. */
  compared: number
  /** A right PIN answered 404 or a wrong one 200. */
  mistaken: number
  /** Answered 503 with Retry-After. */
  waiting: number
  /** Any other status, a 503 without Retry-After included. */
  strange: Record<number, number>
}

export interface StormVerdict {
  /** The token goes in the middle of it: what was on its way is answered or told to wait, and never both charged and refused. */
  whileItGoes: Weather
  whileItIsAway: Weather
  owners: number
  /** Owners whose right PIN opened their own key afterwards. */
  gotIn: number
  /** Wrong guesses compared for a counted owner, in the storm and afterwards until the budget was spent: fewest and most. */
  fewestGranted: number
  mostGranted: number
}

interface Try {
  owner: Owner
  pin: string
}

interface Answered extends Try {
  answer: Answer
}

/** Case 26: the token is away while many owners retry. Nobody is told a PIN was wrong, and nobody pays for it with his guesses. */
export async function stormWithoutToken(attack: TokenStorm): Promise<StormVerdict> {
  const { baseUrl, connections } = attack
  const owners = await createOwners(attack)
  const counted = owners.slice(0, attack.counted)
  const others = owners.slice(attack.counted)
  const [last = owners[0]] = others.slice(-1)
  if (last === undefined) throw new Error('A storm needs owners.')

  const going = planTries(attack, owners)
  const gone = await blow(attack, going, { at: Math.floor(going.length / 4), happens: () => attack.takeToken() })
  // Copies of its keys may go on working until the loss is noticed; those answers are right ones.
  await knock({ baseUrl, owner: last, whileStatus: 200 })
  const away = await blow(attack, planTries(attack, owners))
  await attack.bringTokenBack()
  // A breaker stays open for a while after the outage.
  await knock({ baseUrl, owner: last, whileStatus: 503 })

  const left = await storm({ work: counted, connections: 4, perform: (_, owner) => spendWhatRemains(baseUrl, owner) })
  const opened = await storm({
    work: others,
    connections,
    perform: (connection, { keyId, pin }) => openKey({ baseUrl, connection, keyId, pin }),
  })
  const wrong = (owner: Owner) =>
    [...gone, ...away].filter((one) => one.owner === owner && one.answer.status === 404).length
  const granted = counted.map((owner, place) => wrong(owner) + (left[place] ?? 0))
  return {
    whileItGoes: judge(gone),
    whileItIsAway: judge(away),
    owners: others.length,
    gotIn: others.filter(({ encryptionKey }, place) => opened[place]?.body.includes(encryptionKey)).length,
    fewestGranted: Math.min(...granted),
    mostGranted: Math.max(...granted),
  }
}

const createOwners = ({ baseUrl, owners, connections, randomness }: TokenStorm): Promise<Owner[]> =>
  storm({
    work: Array.from({ length: owners }, () => String(randomness.integer(10_000)).padStart(4, '0')),
    connections: Math.min(connections, 8),
    perform: (connection, pin) => becomeOwner(baseUrl, pin, connection),
  })

/** Turn by turn, so that no owner races himself: what he loses, he loses to the outage. */
function planTries({ tries, counted, randomness }: TokenStorm, owners: readonly Owner[]): Try[] {
  const turns = Array.from({ length: tries }, (_, turn) => turn)
  return turns.flatMap((turn) =>
    owners.map((owner, place) => {
      const isRight = place >= counted && turn % 2 === 0
      return { owner, pin: isRight ? owner.pin : randomness.wrongPin(owner.pin) }
    }),
  )
}

interface Incident {
  /** The place of the try that it comes with. */
  at: number
  happens: () => Promise<void>
}

const blow = ({ baseUrl, connections }: TokenStorm, tries: readonly Try[], incident?: Incident): Promise<Answered[]> =>
  storm({
    work: tries,
    connections,
    perform: async (connection, { owner, pin }, index) => {
      if (index === incident?.at) await incident.happens()
      return { owner, pin, answer: await openKey({ baseUrl, connection, keyId: owner.keyId, pin }) }
    },
  })

/** Asks with the right PIN until the answer is another one, or for a minute. */
async function knock({
  baseUrl,
  owner,
  whileStatus,
}: {
  baseUrl: string
  owner: Owner
  whileStatus: number
}): Promise<void> {
  const deadline = Date.now() + 60_000
  const { keyId, pin } = owner
  while ((await openKey({ baseUrl, keyId, pin })).status === whileStatus && Date.now() < deadline) await pass(200)
}

const isCompared = ({ status }: Answer): boolean => status === 200 || status === 404
const isWaiting = ({ status, headers }: Answer): boolean => status === 503 && Number(headers['retry-after']) > 0

const isMistaken = ({ owner, pin, answer: { status } }: Answered): boolean => status === (pin === owner.pin ? 404 : 200)

function judge(answers: readonly Answered[]): Weather {
  const strange: Record<number, number> = {}
  for (const { answer } of answers) {
    if (!isCompared(answer) && !isWaiting(answer)) strange[answer.status] = (strange[answer.status] ?? 0) + 1
  }
  return {
    asked: answers.length,
    compared: answers.filter(({ answer }) => isCompared(answer)).length,
    mistaken: answers.filter(isMistaken).length,
    waiting: answers.filter(({ answer }) => isWaiting(answer)).length,
    strange,
  }
}
