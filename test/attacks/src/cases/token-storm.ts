import { setTimeout as pass } from 'node:timers/promises'
import { spendWhatRemains } from '../attacker/guess-budget.ts'
import type { Answer, Connection } from '../attacker/ask.ts'
import { becomeOwner, openKey, type Owner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'
import type { Target } from '../target.ts'

export interface TokenStorm extends Pick<Target, 'takeToken' | 'bringTokenBack'> {
  baseUrl: string
  owners: number
  /** Of each owner, half of them with wrong PINs. */
  tries: number
  connections: number
  /** How many owners are asked afterwards what they have left. */
  counted: number
  randomness: Randomness
}

export interface StormVerdict {
  owners: number
  /** While the token was away. */
  asked: number
  /** Answered 503 with Retry-After. */
  waiting: number
  /** Any other status, a 503 without Retry-After included. */
  strange: Record<number, number>
  /** Owners whose right PIN opened their own key afterwards. */
  gotIn: number
  /** The least and the most wrong guesses that a counted owner had left after the storm: a try that nothing compared costs none. */
  fewestLeft: number
  mostLeft: number
}

/** Case 26: the token is away while many owners retry. Nobody is told a PIN was wrong, and nobody pays for it with his guesses. */
export async function stormWithoutToken(attack: TokenStorm): Promise<StormVerdict> {
  const { baseUrl, connections, randomness } = attack
  const owners = await storm({
    work: Array.from({ length: attack.owners }, () => String(randomness.integer(10_000)).padStart(4, '0')),
    connections: Math.min(connections, 8),
    perform: (connection, pin) => becomeOwner(baseUrl, pin, connection),
  })

  await attack.takeToken()
  // Turn by turn, so that no owner races himself: what he loses, he loses to the outage.
  const turns = Array.from({ length: attack.tries }, (_, turn) => turn)
  const tries = turns.flatMap((turn) => owners.map((owner) => pinOf(owner, turn, randomness)))
  const away = await storm({
    work: tries,
    connections,
    perform: (connection, one) => open({ baseUrl, connection, ...one }),
  })
  await attack.bringTokenBack()

  const last = owners.at(-1)
  if (last !== undefined) await untilHeGetsIn(baseUrl, last)
  const counted = owners.slice(0, attack.counted)
  const left = await storm({ work: counted, connections: 4, perform: (_, owner) => spendWhatRemains(baseUrl, owner) })
  const others = owners.slice(attack.counted)
  const opened = await storm({
    work: others,
    connections,
    perform: (connection, owner) => opensOwn({ baseUrl, connection, owner }),
  })
  return {
    owners: others.length,
    asked: away.length,
    waiting: away.filter(isWaiting).length,
    strange: countStatuses(away.filter((answer) => !isWaiting(answer))),
    gotIn: opened.filter(Boolean).length,
    fewestLeft: Math.min(...left),
    mostLeft: Math.max(...left),
  }
}

const pinOf = (owner: Owner, turn: number, randomness: Randomness) => ({
  keyId: owner.keyId,
  pin: turn % 2 === 0 ? owner.pin : randomness.wrongPin(owner.pin),
})

const open = (opening: { baseUrl: string; connection: Connection; keyId: string; pin: string }): Promise<Answer> =>
  openKey(opening)

const isWaiting = ({ status, headers }: Answer): boolean => status === 503 && Number(headers['retry-after']) > 0

async function opensOwn({
  baseUrl,
  connection,
  owner,
}: {
  baseUrl: string
  connection: Connection
  owner: Owner
}): Promise<boolean> {
  const { status, body } = await openKey({ baseUrl, connection, keyId: owner.keyId, pin: owner.pin })
  return status === 200 && body.includes(owner.encryptionKey)
}

/** A breaker stays open for a while after the outage; this owner knocks until it lets him in, or for a minute. */
async function untilHeGetsIn(baseUrl: string, { keyId, pin }: Owner): Promise<void> {
  const deadline = Date.now() + 60_000
  while ((await openKey({ baseUrl, keyId, pin })).status === 503 && Date.now() < deadline) await pass(200)
}

function countStatuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
