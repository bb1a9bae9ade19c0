import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, startIdentityStorage, told, tooMany, type World, wrong } from './client.ts'
import {
  answering,
  type Demand,
  demandIn,
  enableTotp,
  forgetSteps,
  mailedCode,
  newTotp,
  passing,
  passwordProof,
  setting,
  type Totp,
  totpCode,
} from './demands.ts'
import { codesTo } from './mails.ts'
import { newWallet, type Owner } from './owners.ts'
import { moveClock } from './pass-time.ts'
import { asking, newPhone } from './resources.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const invalid = wrong('/data/attributes/otp', 'invalid')
const right: [number, string] = [204, '']
const verify = async (demand: Demand, otp: string | number) => told(await world.ask(answering(demand, otp)))

async function withTotp(): Promise<{ owner: Owner; totp: Totp; opening: Asked }> {
  const owner = await newWallet(world)
  return { owner, totp: await enableTotp(world, owner), opening: { path: `/wallets/${owner.walletId}` } }
}
/** Of a request that nobody made before: what was verified for another does not open it. */
const demandOf = async ({ path }: Asked) =>
  demandIn(await world.ask({ path: `${path}?location_lat=${String(asked++)}` }))
let asked = 0

/** A code that is none of those that are good now. */
async function wrongCode({ secret }: Totp): Promise<string> {
  const good = new Set(await Promise.all([-2, -1, 0, 1, 2].map((steps) => totpCode(secret, steps))))
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !good.has(code)) ?? ''
}

/** A factor whose code of now begins with a zero: one in ten does. */
async function withZero(owner: Owner): Promise<{ totp: Totp; code: string }> {
  for (let tries = 0; tries < 200; tries++) {
    const totp = await newTotp(world, owner)
    const code = await totpCode(totp.secret)
    if (code.startsWith('0')) return { totp, code }
    await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}/factors/${totp.id}`, by: owner.signer })
  }
  throw new Error('of two hundred codes none began with a zero')
}

describe('a TOTP code', () => {
  test('is good once: not again for another demand, nor is an older one after it', async () => {
    const { totp, opening } = await withTotp()
    const [older, code, newer] = await Promise.all([-1, 0, 1].map((steps) => totpCode(totp.secret, steps)))
    expect(await verify(await demandOf(opening), code ?? '')).toEqual(right)
    expect(await verify(await demandOf(opening), code ?? '')).toEqual(invalid)
    expect(await verify(await demandOf(opening), older ?? '')).toEqual(invalid)
    expect(await verify(await demandOf(opening), newer ?? '')).toEqual(right)
  })

  test('is good once, of five demands at the same time too', async () => {
    const { totp, opening } = await withTotp()
    const demands = await Promise.all(Array.from({ length: 5 }, () => demandOf(opening)))
    const code = await totpCode(totp.secret)
    const answers = await Promise.all(demands.map((demand) => verify(demand, code)))
    expect(answers.filter(([status]) => status === 204)).toHaveLength(1)
  })

  test.each([-1, 0, 1])('of the step %d from now is good', async (steps) => {
    const { totp, opening } = await withTotp()
    expect(await verify(await demandOf(opening), await totpCode(totp.secret, steps))).toEqual(right)
  })

  test.each([-2, 2])('of the step %d from now is not', async (steps) => {
    const { totp, opening } = await withTotp()
    expect(await verify(await demandOf(opening), await totpCode(totp.secret, steps))).toEqual(invalid)
  })

  test('is six digits: with spaces, with a sign, longer or shorter it is wrong', async () => {
    const { totp, opening } = await withTotp()
    const code = await totpCode(totp.secret)
    for (const otp of [` ${code}`, `0${code}`, code.slice(1), `+${code}`])
      expect(await verify(await demandOf(opening), otp)).toEqual(invalid)
    expect(await verify(await demandOf(opening), code)).toEqual(right)
  })

  test('may be a number, which has lost its zeros', async () => {
    const owner = await newWallet(world)
    const { totp, code } = await withZero(owner)
    const demand = demandIn(await world.ask(setting(owner, totp.id, 1)), 'totp')
    expect(await verify(demand, Number(code))).toEqual(right)
  })
})

describe('five guesses at TOTP in five minutes', () => {
  test('are all there are, whatever the demand: a right code is not compared then', async () => {
    const { totp, opening } = await withTotp()
    const bad = await wrongCode(totp)
    for (let guess = 0; guess < 5; guess++) expect(await verify(await demandOf(opening), bad)).toEqual(invalid)
    const demand = await demandOf(opening)
    expect(await verify(demand, await totpCode(totp.secret))).toEqual(tooMany)
    await moveClock(world.app, '5 minutes 1 second')
    expect(await verify(demand, await totpCode(totp.secret))).toEqual(right)
  })

  test('are five of a hundred at the same time', async () => {
    const { totp, opening } = await withTotp()
    const [demand, bad] = [await demandOf(opening), await wrongCode(totp)]
    const answers = await Promise.all(Array.from({ length: 100 }, () => verify(demand, bad)))
    const counts = [400, 429].map((status) => answers.filter((answer) => answer[0] === status).length)
    expect(counts).toEqual([5, 95])
  })

  test('come back with a right one in between', async () => {
    const { totp, opening } = await withTotp()
    const bad = await wrongCode(totp)
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 4; guess++) expect(await verify(await demandOf(opening), bad)).toEqual(invalid)
      await forgetSteps(world)
      expect(await verify(await demandOf(opening), await totpCode(totp.secret))).toEqual(right)
    }
  })

  test('come back after a longer time each time', async () => {
    const { totp, opening } = await withTotp()
    const bad = await wrongCode(totp)
    const spend = async () => {
      for (let guess = 0; guess < 5; guess++) expect(await verify(await demandOf(opening), bad)).toEqual(invalid)
    }
    await spend()
    await moveClock(world.app, '5 minutes 1 second')
    await spend()
    await moveClock(world.app, '5 minutes 1 second')
    expect(await verify(await demandOf(opening), bad)).toEqual(tooMany)
    await moveClock(world.app, '5 minutes')
    expect(await verify(await demandOf(opening), bad)).toEqual(invalid)
  })

  test('are each factor’s own: another wallet’s are untouched', async () => {
    const [one, other] = [await withTotp(), await withTotp()]
    const bad = await wrongCode(one.totp)
    for (let guess = 0; guess < 6; guess++) await verify(await demandOf(one.opening), bad)
    expect(await verify(await demandOf(other.opening), await totpCode(other.totp.secret))).toEqual(right)
  })
})

test('twenty guesses at a password in ten minutes are all there are', async () => {
  const owner = await newWallet(world)
  const creating = {
    method: 'POST',
    path: `/wallets/${owner.walletId}/factors`,
    by: owner.signer,
    body: { data: { type: 'totp' } },
  }
  const demand = demandIn(await world.ask(creating), 'password')
  const forged = await passwordProof(demand, signerOf(newSeed()))
  const answers = await Promise.all(Array.from({ length: 40 }, () => verify(demand, forged)))
  expect([400, 429].map((status) => answers.filter((answer) => answer[0] === status).length)).toEqual([20, 20])
  const proof = await passwordProof(demand, owner.factor)
  expect(await verify(demand, proof)).toEqual(tooMany)
  await moveClock(world.app, '9 minutes')
  expect(await verify(demand, proof)).toEqual(tooMany)
  await moveClock(world.app, '61 seconds')
  const next = demandIn(await world.ask(creating), 'password')
  expect(await verify(next, await passwordProof(next, owner.factor))).toEqual(right)
})

const prepare = async () => {
  const owner = await newWallet(world)
  const body = { data: { type: 'email' } }
  const creating = { method: 'POST', path: `/wallets/${owner.walletId}/factors`, by: owner.signer, body }
  const made = await passing(world, creating, { password: owner.factor })
  return { owner, enabling: setting(owner, (made.body as { data: { id: string } }).data.id, 1) }
}
const another = (code: string) => (code === '000000' ? '000001' : '000000')

describe('a mailed code', () => {
  test('outlives five guesses, and of ten an hour there is no more', async () => {
    const { owner, enabling } = await prepare()
    const demand = demandIn(await world.ask(enabling), 'email')
    const code = await mailedCode(world, owner.email)
    for (let guess = 0; guess < 5; guess++) expect(await verify(demand, another(code))).toEqual(invalid)
    expect(await verify(demand, code)).toEqual(invalid)
    const next = demandIn(await world.ask(enabling), 'email')
    const fresh = await mailedCode(world, owner.email, 2)
    for (let guess = 0; guess < 4; guess++) expect(await verify(next, another(fresh))).toEqual(invalid)
    expect(await verify(next, fresh)).toEqual(tooMany)
    await moveClock(world.app, '61 minutes')
    const last = demandIn(await world.ask(enabling), 'email')
    expect(await verify(last, await mailedCode(world, owner.email, 3))).toEqual(right)
    expect(told(await world.ask(enabling))).toEqual(right)
  })

  test('is sent five times in ten minutes, and then the last one still answers', async () => {
    const { owner, enabling } = await prepare()
    for (let sent = 1; sent <= 5; sent++) {
      demandIn(await world.ask(enabling), 'email')
      await mailedCode(world, owner.email, sent)
    }
    const late = demandIn(await world.ask(enabling), 'email')
    expect(await verify(late, await mailedCode(world, owner.email, 5))).toEqual(right)
    expect((await world.app.messagesTo(owner.email)).filter(({ subject }) => subject === 'Your code')).toHaveLength(5)
  })

  test('is dead after ten minutes, and when it was used', async () => {
    const { owner, enabling } = await prepare()
    demandIn(await world.ask(enabling), 'email')
    const code = await mailedCode(world, owner.email)
    await moveClock(world.app, '9 minutes')
    const demand = demandIn(await world.ask(enabling), 'email')
    await mailedCode(world, owner.email, 2)
    await moveClock(world.app, '61 seconds')
    expect(await verify(demand, code)).toEqual(invalid)
    const used = await mailedCode(world, owner.email, 2)
    expect(await verify(demand, used)).toEqual(right)
    expect(told(await world.ask(enabling))).toEqual(right)
    expect(await verify(demandIn(await world.ask(enabling), 'email'), used)).toEqual(invalid)
  })
})

test('codes by SMS outlive five guesses each, and of ten an hour there are no more, whatever the number', async () => {
  const [owner, other] = [await newWallet(world), await newWallet(world)]
  const settingOf = ({ accountId, signer }: Owner, phone: string) =>
    asking(['PUT', `/identities/${accountId}/settings/phone`], { data: { attributes: { phone } } }, signer)
  const sent = async (phone: string, count = 1) => (await codesTo(world.app, phone, count)).at(-1) ?? ''
  const [first, second, third] = [newPhone(), newPhone(), newPhone()]

  const demand = demandIn(await world.ask(settingOf(owner, first)), 'phone')
  const code = await sent(first)
  for (let guess = 0; guess < 5; guess++) expect(await verify(demand, another(code))).toEqual(invalid)
  expect(await verify(demand, code)).toEqual(invalid)
  const next = demandIn(await world.ask(settingOf(owner, second)), 'phone')
  const fresh = await sent(second)
  for (let guess = 0; guess < 4; guess++) expect(await verify(next, another(fresh))).toEqual(invalid)
  expect(await verify(next, fresh)).toEqual(tooMany)

  const others = settingOf(other, third)
  expect(await verify(demandIn(await world.ask(others), 'phone'), await sent(third))).toEqual(right)
  expect(told(await world.ask(others))).toEqual(right)

  await moveClock(world.app, '61 minutes')
  const last = demandIn(await world.ask(settingOf(owner, second)), 'phone')
  expect(await verify(last, await sent(second, 2))).toEqual(right)
  expect(told(await world.ask(settingOf(owner, second)))).toEqual(right)
})
