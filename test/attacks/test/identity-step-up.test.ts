import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  answerTo,
  ask,
  changedWallet,
  demandIn,
  drawFrom,
  drawSeed,
  type GuardedOwner,
  mustAnswer,
  mustDemand,
  newIdentityOwner,
  openWallet,
  passwordOtp,
  questionOf,
  raceStepUp,
  settleGuarded,
  signerChange,
  startIdentityOriginal,
  storm,
  totpOf,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, NETWORK, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { passTime } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const from = (address: string, agent = 'a browser') => ({ 'x-forwarded-for': address, 'user-agent': agent })
const [home, away] = [from('203.0.113.7'), from('198.51.100.9')]

describe(`case 31, step-up race, on the original’s shape, ${repeat}`, () => {
  it('serves the thief what the owner has verified', async () => {
    await using original = await startIdentityOriginal()
    const place = originalPlaceOf(original)
    const victim = await settleGuarded(place, randomness)
    const verdict = await raceStepUp({ place, victim, ownerHeaders: home, thiefHeaders: away, connections: 4 })
    expect(verdict.thief).toBeGreaterThan(0)
    expect(verdict.owner).toBe(403)
  })
})

describe(`case 31, step-up race, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  let victim: GuardedOwner
  beforeAll(async () => {
    world = await startIdentity({ processes: 2, settings: { TRUSTED_PROXY_HOPS: '1' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)
  beforeEach(async () => {
    victim = await settleGuarded(place(), randomness)
  })

  it.each([
    ['from another address', from('198.51.100.9')],
    ['by another User-Agent', from('203.0.113.7', 'another browser')],
    ['behind an address of his own making', from('203.0.113.7, 198.51.100.9')],
  ])('the owner’s verification never serves the thief who polls the same request %s', async (_, thiefHeaders) => {
    for (let round = 0; round < 5; round++) {
      const verdict = await raceStepUp({ place: place(), victim, ownerHeaders: home, thiefHeaders, connections: 8 })
      expect([verdict.thief, verdict.owner]).toEqual([0, 200])
      expect(verdict.asked).toBeGreaterThan(20)
    }
  })

  it('what it allows: of two at one address with one User-Agent the faster is served, and no more than one', async () => {
    const verdict = await raceStepUp({ place: place(), victim, ownerHeaders: home, thiefHeaders: home, connections: 2 })
    expect(verdict.thief + (verdict.owner === 200 ? 1 : 0)).toBe(1)
  })

  const asking = () => questionOf(place(), `GET /wallets/${victim.owner.walletId}`, { headers: home })
  const verify = async () => {
    const demand = mustDemand(await ask(asking()))
    await place().forgetSteps?.()
    await mustAnswer(answerTo(place(), demand, totpOf(victim.totp.secret)), 204)
  }

  it('of many requests at once, at two processes, one uses the verification up', async () => {
    await verify()
    const urls = world.app.baseUrls.map((baseUrl) => ({
      ...questionOf({ baseUrl }, `GET /wallets/${victim.owner.walletId}`, { headers: home }),
    }))
    const answers = await storm({
      work: Array.from({ length: 60 }, (_, turn) => turn),
      connections: 20,
      perform: (connection, turn) => connection.ask(urls[turn % urls.length] ?? asking()),
    })
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => demandIn(answer))).toHaveLength(59)
  })

  it('waits a minute and no longer, by the database’s clock', async () => {
    await verify()
    await passTime(world.app, '40 seconds')
    expect((await ask(asking())).status).toBe(200)
    await verify()
    await passTime(world.app, '61 seconds')
    expect(demandIn(await ask(asking()))?.factor_type).toBe('totp')
  })

  it('one code of TOTP verifies one demand, however many bring it at once', async () => {
    await place().forgetSteps?.()
    const demands = []
    for (let turn = 0; turn < 4; turn++) demands.push(mustDemand(await ask(asking())))
    const code = totpOf(victim.totp.secret)
    const statuses = await Promise.all(demands.map(async (demand) => (await answerTo(place(), demand, code)).status))
    expect(statuses.toSorted((one, other) => one - other)).toEqual([204, 400, 400, 400])
  })

  it('a wallet changes by password and TOTP together, once, by its own body, and by neither alone', async () => {
    const { owner, totp } = victim
    const next = { ...newIdentityOwner(randomness, { email: owner.email }), accountId: owner.accountId }
    const { accountId: account, signer: by } = owner
    const change = { networkPassphrase: NETWORK, account, by, adds: [next.signer.id], removes: [by.id] }
    const body = changedWallet(next, signerChange(change))
    const put = (given: object = body, headers = home) =>
      questionOf(place(), `PUT /wallets/${owner.walletId}`, { by, body: given, headers })
    const password = mustDemand(await ask(put()))
    await mustAnswer(answerTo(place(), password, passwordOtp(owner.factor, password)), 204)
    const second = mustDemand(await ask(put()))
    expect([password.factor_type, second.factor_type]).toEqual(['password', 'totp'])

    // Another body, another source: both are asked for anew.
    const thief = { ...newIdentityOwner(randomness, { email: owner.email }), accountId: account }
    const other = changedWallet(thief, signerChange({ ...change, adds: [thief.signer.id] }))
    expect(demandIn(await ask(put(other)))?.factor_type).toBe('password')
    expect(demandIn(await ask(put(body, away)))?.factor_type).toBe('password')

    await place().forgetSteps?.()
    await mustAnswer(answerTo(place(), second, totpOf(totp.secret)), 204)
    expect(demandIn(await ask(put(other)))?.factor_type).toBe('password')
    expect(demandIn(await ask(put(body, away)))?.factor_type).toBe('password')
    expect((await ask(put())).status).toBe(200)
    expect((await ask(put())).status).toBe(404)
    const opened = await ask(openWallet(place(), next.walletId))
    expect(demandIn(opened)?.factor_type).toBe('totp')
  })
})
