import { describe, expect, it } from 'vitest'
import { budget, drawFrom, drawSeed, startOriginal, stormWithoutToken } from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 26, storm without the token, on the original’s shape, ${repeat}`, () => {
  it('charges owners for answers that it could not give, and locks them out', async () => {
    const original = await startOriginal()
    const verdict = await stormWithoutToken({
      baseUrl: baseUrlOf(original),
      takeToken: () => original.takeToken(),
      bringTokenBack: () => original.bringTokenBack(),
      owners: 12,
      tries: 24,
      connections: 16,
      counted: 2,
      randomness,
    })
    await original.stop()
    expect(verdict).toMatchObject({ owners: 10, asked: 288, waiting: 0, strange: { 500: expect.any(Number) } })
    expect(verdict.gotIn).toBeLessThan(verdict.owners)
    expect(verdict.fewestLeft).toBe(0)
  })
})

describe(`case 26, storm without the token, on the key server, ${repeat}`, () => {
  it('tells a thousand owners to wait, charges none of them, and lets them all in afterwards', async () => {
    const app = await startKeyServer()
    const verdict = await stormWithoutToken({
      baseUrl: baseUrlOf(app),
      takeToken: () => app.takeToken(),
      bringTokenBack: () => app.bringTokenBack(),
      owners: 1_000,
      tries: 6,
      connections: 100,
      counted: 20,
      randomness,
    })
    await app.stop()
    expect(verdict).toEqual({
      owners: 980,
      asked: 6_000,
      waiting: 6_000,
      strange: {},
      gotIn: 980,
      fewestLeft: budget,
      mostLeft: budget,
    })
  }, 240_000)
})
