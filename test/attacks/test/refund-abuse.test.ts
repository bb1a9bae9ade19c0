import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  becomeOwner,
  budget,
  drawFrom,
  drawSeed,
  hangUpAndRetry,
  profitFromSuccess,
  raceTheOwner,
  startOriginal,
  type Original,
} from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 2, guess refund abuse, on the original’s shape, ${repeat}`, () => {
  let original: Original
  let baseUrl: string
  beforeAll(async () => {
    original = await startOriginal()
    baseUrl = baseUrlOf(original)
  })
  afterAll(() => original.stop())

  it('gives guesses to one who hangs up and asks again', async () => {
    const owner = await becomeOwner(baseUrl, '4829')
    const verdict = await hangUpAndRetry({ baseUrl, owner, randomness, hangUps: 80, connections: 40, patience: 5_000 })
    expect(verdict.evaluated).toBeGreaterThan(budget)
  })

  it('gives guesses to one who races the owner', async () => {
    const owner = await becomeOwner(baseUrl, '4829')
    const verdict = await raceTheOwner({ baseUrl, owner, randomness, rounds: 1 })
    expect(verdict.evaluated).toBeGreaterThan(verdict.allowed)
  })

  it('gives back in order what a success is owed', async () => {
    const owners = [await becomeOwner(baseUrl, '4829'), await becomeOwner(baseUrl, '4829')] as const
    expect(await profitFromSuccess(baseUrl, owners)).toEqual({ afterOneSuccess: budget, afterThreeSuccesses: budget })
  })
})

describe(`case 2, guess refund abuse, on the key server, ${repeat}`, () => {
  let app: TestApp
  let baseUrl: string
  beforeAll(async () => {
    app = await startKeyServer()
    baseUrl = baseUrlOf(app)
  })
  afterAll(() => app.stop())

  it.each([0, 10, 100])('gives no guess to one who hangs up within %i ms', async (patience) => {
    const owner = await becomeOwner(baseUrl, '4829')
    const abuse = { baseUrl, owner, randomness, hangUps: 200, connections: 16, patience: patience + 1 }
    const verdict = await hangUpAndRetry(abuse)
    expect(verdict.evaluated).toBeLessThanOrEqual(budget)
  })

  it('gives to one who races the owner no more than the owner’s successes give back', async () => {
    const owner = await becomeOwner(baseUrl, '4829')
    const verdict = await raceTheOwner({ baseUrl, owner, randomness, rounds: 5 })
    expect(verdict.evaluated).toBeLessThanOrEqual(verdict.allowed)
  })

  it('gives back what a success is owed, once', async () => {
    const owners = [await becomeOwner(baseUrl, '4829'), await becomeOwner(baseUrl, '4829')] as const
    expect(await profitFromSuccess(baseUrl, owners)).toEqual({ afterOneSuccess: budget, afterThreeSuccesses: budget })
  })
})
