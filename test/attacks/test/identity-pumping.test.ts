import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  drawFrom,
  drawSeed,
  type IdentityOwner,
  mustAnswer,
  newIdentityOwner,
  signUp,
  storm,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'
import { passTime } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const PREFIX = '+38099'
const numberOf = (index: number, prefix = PREFIX): string => `${prefix}${String(index).padStart(7, '0')}`
/** What a range and all numbers together are sent in a day. */
const [OF_PREFIX, IN_ALL] = [200, 5000]

/** Case 18: many wallets, each with numbers of one range, so that somebody else pays for the messages. */
describe(`case 18, SMS pumping, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let owners: readonly IdentityOwner[]
  beforeAll(async () => {
    world = await startIdentity({ settings: { EMAIL_VERIFICATION: 'off' } })
    owners = await settle(24)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const settle = async (count: number) => {
    const work = Array.from({ length: count }, () => newIdentityOwner(randomness))
    const perform = (_: unknown, owner: IdentityOwner) => mustAnswer(signUp(place(), owner), 201)
    await storm({ work, connections: 8, perform })
    return work
  }
  const setPhone = ({ accountId, signer: by }: IdentityOwner, phone: string) =>
    call(place(), `PUT /identities/${accountId}/settings/phone`, { by, body: { data: { attributes: { phone } } } })
  const settled = () =>
    waitUntil('all codes are sent or given up', async () => {
      const waiting = await world.app.sql(
        `select from graphile_worker.jobs where task_identifier = 'identity.send-factor-code' and attempts < max_attempts`,
      )
      return waiting.length === 0
    })
  const sentTo = async (numbers: readonly string[]) =>
    (await Promise.all(numbers.map(async (number) => place().textsTo(number)))).flat().length
  /** As if others had asked before: what a day has left is asked for, and not the whole day again in each run. */
  const haveSent = (sent: number, prefix = '') =>
    world.app.sql(`
      insert into notify.tallies (channel, prefix, since, sent) values ('sms', '${prefix}', strongroom.now(), ${String(sent)})
      on conflict (channel, prefix) do update set sent = excluded.sent`)
  /** Each of the numbers, by whoever's turn it is; how many got a code. */
  async function pump(numbers: readonly string[]): Promise<number> {
    const work = numbers.map((phone, at) => ({ phone, owner: owners[at % owners.length] as IdentityOwner }))
    const answers = await storm({ work, connections: 8, perform: (_, { owner, phone }) => setPhone(owner, phone) })
    expect(answers.every(({ status }) => status === 403 || status === 429)).toBe(true)
    await settled()
    return sentTo([...new Set(numbers)])
  }

  it('of forty-eight numbers that begin alike thirty get a code, where 170 had one; others still do', async () => {
    await haveSent(OF_PREFIX - 30, PREFIX)
    expect(await pump(owners.flatMap((_, at) => [numberOf(2 * at), numberOf(2 * at + 1)]))).toBe(30)
    expect(await pump(['+4915112345678'])).toBe(1)
  }, 180_000)

  it('one number gets ten in a day, whoever asks', async () => {
    const phone = '+447700900123'
    expect(await pump(owners.map(() => phone))).toBe(10)
  }, 180_000)

  it('of twenty-four ranges, a number each, ten get a code, where 4990 numbers had one; the next day all do', async () => {
    await haveSent(IN_ALL - 10)
    const numbers = owners.map((_, at) => numberOf(7, `+88${String(100 + at)}`))
    expect(await pump(numbers)).toBe(10)
    await passTime(world.app, '25 hours')
    expect(await pump(numbers)).toBe(10 + owners.length)
  }, 180_000)
})
