import { describe, expect, it } from 'vitest'
import { budget, drawFrom, drawSeed, startOriginal, stormWithoutToken } from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 26, storm without the token, on the original’s shape, ${repeat}`, () => {
  it('charges owners for answers that it could not give, and locks them out', async () => {
    await using original = await startOriginal()
    const verdict = await stormWithoutToken({
      baseUrl: baseUrlOf(original),
      takeToken: () => original.takeToken(),
      bringTokenBack: () => original.bringTokenBack(),
      owners: 12,
      tries: 8,
      connections: 8,
      counted: 2,
      randomness,
    })
    expect(verdict.whileItIsAway).toMatchObject({ asked: 96, waiting: 0 })
    expect(verdict.whileItIsAway.strange[500]).toBeGreaterThan(0)
    expect(verdict.gotIn).toBeLessThan(verdict.owners)
    expect(verdict.fewestGranted).toBeLessThan(budget)
  })
})

describe(`case 26, storm without the token, on the key server, ${repeat}`, () => {
  it('tells a thousand owners to wait, charges none of them, and lets them all in afterwards', async () => {
    await using app = await startKeyServer()
    const verdict = await stormWithoutToken({
      baseUrl: baseUrlOf(app),
      takeToken: () => app.takeToken(),
      bringTokenBack: () => app.bringTokenBack(),
      owners: 1_000,
      tries: 4,
      connections: 100,
      counted: 50,
      randomness,
    })
    const { whileItGoes, whileItIsAway } = verdict
    expect(whileItGoes).toMatchObject({ mistaken: 0, strange: {} })
    expect(whileItGoes.compared).toBeGreaterThan(0)
    expect(whileItIsAway).toEqual({ asked: 4_000, compared: 0, mistaken: 0, waiting: 4_000, strange: {} })
    expect(verdict).toMatchObject({ owners: 950, gotIn: 950, fewestGranted: budget, mostGranted: budget })
  }, 240_000)
})
