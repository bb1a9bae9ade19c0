import { clientOf } from '@strongroom/key-server/testing'
import type { Place } from '../attacker/people.ts'
import { storm } from '../attacker/storm.ts'
import { waitUntil } from '../attacker/wait-until.ts'

export interface SmsPumping {
  place: Place
  /** `+` and five digits: numbers of a range that pays whoever rents it. */
  prefix: string
  numbers: number
  /** To each number, each from a key of its own. */
  sends: number
  connections: number
}

export interface PumpVerdict {
  asked: number
  accepted: number
  refused: number
  /** What the provider was given to send, and to bill. */
  sent: number
}

/** Case 18: many keys, each with a number of one range, so that somebody else pays for the messages. */
export async function pumpSms({ place, prefix, numbers, sends, connections }: SmsPumping): Promise<PumpVerdict> {
  const client = clientOf(place.baseUrl)
  const all = Array.from({ length: numbers }, (_, index) => `${prefix}${String(index).padStart(7, '0')}`)
  const statuses = await storm({
    work: all.flatMap((number) => Array<string>(sends).fill(number)),
    connections,
    perform: async (_, number) => (await client.addUser(await client.create('4829'), '4829', number)).status,
  })
  const count = (status: number) => statuses.filter((one) => one === status).length
  const countSent = async () => (await Promise.all(all.map(async (number) => place.textsTo(number)))).flat().length
  await waitUntil('what was accepted', async () => (await countSent()) >= count(201))
  return { asked: statuses.length, accepted: count(201), refused: count(429), sent: await countSent() }
}
