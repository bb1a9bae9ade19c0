import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  demandIn,
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

const randomness = drawFrom(drawSeed())
const PREFIX = '+38099'
const numberOf = (index: number): string => `${PREFIX}${String(index).padStart(7, '0')}`

/** Case 18: many wallets, each with numbers of one range, so that somebody else pays for the messages. */
describe(`case 18, SMS pumping, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity({ settings: { EMAIL_VERIFICATION: 'off' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const settle = async (count: number) => {
    const owners = Array.from({ length: count }, () => newIdentityOwner(randomness))
    const perform = (_: unknown, owner: IdentityOwner) => mustAnswer(signUp(place(), owner), 201)
    await storm({ work: owners, connections: 8, perform })
    return owners
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

  it('of three hundred numbers that begin alike two hundred get a code in a day; others still do', async () => {
    const owners = await settle(60)
    const work = owners.flatMap((owner, at) =>
      Array.from({ length: 5 }, (_, turn) => ({ owner, phone: numberOf(at * 5 + turn) })),
    )
    const answers = await storm({ work, connections: 8, perform: (_, { owner, phone }) => setPhone(owner, phone) })
    expect(answers.every(({ status }) => status === 403 || status === 429)).toBe(true)
    await settled()
    const sent = await sentTo(work.map(({ phone }) => phone))
    expect(sent).toBeGreaterThan(100)
    expect(sent).toBeLessThanOrEqual(200)
    const elsewhere = '+4915112345678'
    const other = newIdentityOwner(randomness)
    await mustAnswer(signUp(place(), other), 201)
    expect(demandIn(await setPhone(other, elsewhere))?.factor_type).toBe('phone')
    await settled()
    expect(await sentTo([elsewhere])).toBe(1)
  }, 180_000)

  it('one number gets ten in a day, whoever asks', async () => {
    const phone = '+447700900123'
    await storm({ work: await settle(25), connections: 8, perform: (_, owner) => setPhone(owner, phone) })
    await settled()
    const sent = await sentTo([phone])
    expect([sent > 0, sent <= 10]).toEqual([true, true])
  }, 120_000)
})
