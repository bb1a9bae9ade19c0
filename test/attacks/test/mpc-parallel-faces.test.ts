import { newDevice } from '@strongroom/mpc-auth/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerInParallel,
  drawFrom,
  drawSeed,
  facesLeft,
  guessFacesByTwoDoors,
  guessFacesInParallel,
  newUser,
  settleDuo,
} from '../src/index.ts'
import { duoPlaceOf, type MpcAuth, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const budget = 5

/** Answers to a challenge by keys that are not the device's, in proper DER. */
const wrongAnswers = (deviceKey: string, challenge: string, count: number) => {
  const stranger = newDevice()
  return Array.from({ length: count }, () => ({ device_id: deviceKey, signature: stranger.sign(challenge) }))
}

describe(`case 1, parallel guessing at faces and challenges, on the original’s shape, ${repeat}`, () => {
  it.each([
    { servers: 1, connections: 16 },
    { servers: 3, connections: 100 },
  ])('has more faces judged than the budget: $connections connections to each of $servers', async (wish) => {
    await using world = await startDuoOriginalWithFaces(wish.servers)
    const { place, original, faces } = world
    const victim = await settleDuo(place, randomness)
    const before = faces.judged
    const verdict = await guessFacesInParallel({ place, ...original, victim, guesses: 200, ...wish })
    expect(faces.judged - before).toBeGreaterThan(budget)
    expect(verdict).toMatchObject({ lost: 0, strange: {} })
  })

  it('keeps the budget against one who asks in order, so what breaks it is the race', async () => {
    await using world = await startDuoOriginalWithFaces()
    const { place, original } = world
    const victim = await settleDuo(place, randomness)
    const verdict = await guessFacesInParallel({ place, ...original, victim, guesses: 20, connections: 1 })
    expect(verdict).toEqual({ guesses: 20, judged: budget, refused: 15, lost: 0, strange: {} })
  })

  it('compares every answer to a challenge, and takes the right one as often as it is sent', async () => {
    await using world = await startDuoOriginalWithFaces()
    const { place, original } = world
    const person = await newUser(place, randomness)
    const device = newDevice()
    const bodies = wrongAnswers(device.key, await person.challenge(device.key), 200)
    expect(await answerInParallel({ ...original, person, bodies, connections: 16 })).toEqual({ 100501: 200 })
    const right = await person.signed(device)
    const all = await answerInParallel({ ...original, person, bodies: Array<object>(20).fill(right), connections: 20 })
    expect(all[201]).toBeGreaterThan(1)
  })
})

describe(`case 1, parallel guessing at faces and challenges, on mpc-auth, ${repeat}`, () => {
  const guesses = 1_000
  let mpc: MpcAuth
  beforeAll(async () => {
    mpc = await startMpcAuth({ processes: 3 })
  })
  afterAll(() => mpc[Symbol.asyncDispose]())

  it.each([
    { servers: 1, connections: 1 },
    { servers: 1, connections: 16 },
    { servers: 1, connections: 100 },
    { servers: 3, connections: 1 },
    { servers: 3, connections: 16 },
    { servers: 3, connections: 100 },
  ])('the face server is asked exactly five times: $connections connections to each of $servers', async (wish) => {
    const place = duoPlaceOf(mpc)
    const victim = await settleDuo(place, randomness)
    const baseUrls = mpc.world.app.baseUrls.slice(0, wish.servers)
    const before = mpc.faces.judged
    const verdict = await guessFacesInParallel({ place, baseUrls, victim, guesses, connections: wish.connections })
    expect(mpc.faces.judged - before).toBe(budget)
    expect(verdict).toEqual({ guesses, judged: budget, refused: guesses - budget, lost: 0, strange: {} })
  })

  it('the doors that a face opens share the budget', async () => {
    const place = duoPlaceOf(mpc)
    const victim = await settleDuo(place, randomness)
    const before = mpc.faces.judged
    const verdict = await guessFacesByTwoDoors({ place, victim, guesses: 60, connections: 16 })
    expect(mpc.faces.judged - before).toBe(budget)
    expect(verdict).toEqual({ guesses: 60, judged: budget, refused: 55, lost: 0, strange: {} })
  })

  it('grants no face more when a process is killed on the way', async () => {
    const place = duoPlaceOf(mpc)
    const dying = await mpc.world.app.spawn()
    const baseUrls = [dying.baseUrl, ...mpc.world.app.baseUrls.slice(0, 2)]
    const victim = await settleDuo(place, randomness)
    const before = mpc.faces.judged
    const verdict = await guessFacesInParallel({
      place,
      baseUrls,
      victim,
      guesses,
      connections: 16,
      killOnTheWay: async () => void dying.child.kill('SIGKILL'),
    })
    const left = await facesLeft(victim)
    expect(verdict.lost).toBeGreaterThan(0)
    expect(verdict.strange).toEqual({})
    expect(verdict.judged + left).toBeLessThanOrEqual(budget)
    expect(mpc.faces.judged - before).toBeLessThanOrEqual(budget)
  })

  it.each([
    { servers: 1, connections: 100 },
    { servers: 3, connections: 16 },
  ])('one answer to a challenge is compared: $connections connections to each of $servers', async (wish) => {
    const person = await newUser(duoPlaceOf(mpc), randomness)
    const device = newDevice()
    const bodies = wrongAnswers(device.key, await person.challenge(device.key), guesses)
    const baseUrls = mpc.world.app.baseUrls.slice(0, wish.servers)
    const told = await answerInParallel({ baseUrls, person, bodies, connections: wish.connections })
    expect(told).toEqual({ 100501: 1, 100502: guesses - 1 })
  })

  it('of many right answers at once one registers, also when a process is killed on the way', async () => {
    const person = await newUser(duoPlaceOf(mpc), randomness)
    const right = await person.signed(newDevice())
    const bodies = Array<object>(100).fill(right)
    const baseUrls = mpc.world.app.baseUrls.slice(0, 2)
    expect(await answerInParallel({ baseUrls, person, bodies, connections: 50 })).toEqual({ 201: 1, 100502: 99 })

    const dying = await mpc.world.app.spawn()
    const again = await person.signed(newDevice())
    const told = await answerInParallel({
      baseUrls: [dying.baseUrl, ...baseUrls],
      person,
      bodies: Array<object>(300).fill(again),
      connections: 16,
      killOnTheWay: async () => void dying.child.kill('SIGKILL'),
    })
    // 201, unless its answer was lost with the process.
    expect(told[201] ?? 0).toBeLessThanOrEqual(1)
    expect(Object.keys(told).filter((code) => !['0', '201', '100502'].includes(code))).toEqual([])
  })
})
