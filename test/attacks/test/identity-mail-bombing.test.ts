import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bombByFactors,
  bombByInvites,
  bombByMoving,
  bombByRecoveries,
  bombBySigningUp,
  call,
  drawFrom,
  drawSeed,
  mustAnswer,
  newIdentityOwner,
  settleOwner,
  signUp,
  startIdentityOriginal,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { passTime } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const aDay = 20

describe(`case 18, mail bombing, on the Identity Storage original’s shape, ${repeat}`, () => {
  it('mails as often as it is asked', async () => {
    await using original = await startIdentityOriginal()
    const settled = () => Promise.resolve()
    const verdict = await bombBySigningUp({ place: originalPlaceOf(original), randomness, settled })
    expect(verdict).toEqual({ asked: 60, received: 65 })
  })
})

describe(`case 18, mail bombing, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    const settings = { TRUSTED_PROXY_HOPS: '1', LOOKUPS_PER_ADDRESS: '30' }
    world = await startIdentity({ settings })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)
  const settled = () =>
    waitUntil('what is to be sent', async () => {
      const open = await world.app.sql(`
        select from graphile_worker.jobs
         where task_identifier in ('identity.deliver-message', 'identity.send-factor-code', 'identity.deliver-invites')
           and attempts < max_attempts`)
      return open.length === 0
    })
  const attack = () => ({ place: place(), randomness, settled })

  it('one mailbox gets twenty a day, however it is spelled, whoever asks', async () => {
    const verdict = await bombBySigningUp(attack())
    expect(verdict.asked).toBeGreaterThan(aDay + 10)
    expect(verdict.received).toBe(aDay)
  })

  it('nobody is told of a wallet whose address they never verified, beyond being asked to', async () => {
    const owner = newIdentityOwner(randomness)
    await mustAnswer(signUp(place(), owner), 201)
    expect(await bombByFactors(attack(), owner, 15)).toBe(0)
    expect((await place().textsTo(owner.email)).length).toBe(1)
  })

  it('what an owner is told of stays bounded, of each kind, and begins anew the next day', async () => {
    const owner = await settleOwner(place(), randomness)
    expect(await bombByFactors(attack(), owner, 30)).toBe(2 * aDay)
    await passTime(world.app, '25 hours')
    expect(await bombByFactors(attack(), owner, 1)).toBe(2)
  })

  it('one wallet has twenty strangers mailed in a day, and no more', async () => {
    const owner = await settleOwner(place(), randomness)
    expect(await bombByMoving(attack(), owner, 25)).toEqual({ mailed: aDay, told: aDay })
  })

  it('the owner of sales has one mailbox mailed twenty times a day, however it is spelled, whatever he takes back', async () => {
    const owner = await settleOwner(place(), randomness)
    const sales = [`one-${randomness.token(6)}`, `other-${randomness.token(6)}`]
    const kept = await Promise.all(sales.map((sale) => world.app.run('keep-sale', sale, owner.accountId)))
    expect(kept.map(({ code }) => code)).toEqual([0, 0])
    const verdict = await bombByInvites(attack(), { owner, sales }, 6)
    expect(verdict).toEqual({ asked: 36, received: aDay })
  })

  it('recoveries that somebody else asks for mail a few codes', async () => {
    const owner = await settleOwner(place(), randomness)
    const mailed = await bombByRecoveries(attack(), owner, 40)
    expect(mailed).toBeGreaterThan(0)
    expect(mailed).toBeLessThanOrEqual(5)
  })

  it('one caller, at the most that he may ask, keeps nobody from signing in', async () => {
    const owner = await settleOwner(place(), randomness)
    const kdf = (caller: string) =>
      call(place(), `GET /kdf?email=${encodeURIComponent(owner.email)}`, { headers: { 'x-forwarded-for': caller } })
    const asked = []
    for (let turn = 0; turn < 60; turn++) asked.push((await kdf('203.0.113.5')).status)
    expect(asked.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect((await kdf('198.51.100.6')).status).toBe(200)
  })
})
