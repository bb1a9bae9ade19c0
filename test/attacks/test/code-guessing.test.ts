import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aliasCode, becomeUser, drawFrom, drawSeed, guessCodes, newAddress, startOriginal } from '../src/index.ts'
import { baseUrlOf, placeOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
/** With a k, for the spelling that only Unicode knows. */
const address = () => `k${newAddress(randomness)}`

describe(`case 16, code brute force, on the original’s shape, ${repeat}`, () => {
  it('compares more codes than its ten when asked at once', async () => {
    await using original = await startOriginal()
    const place = { baseUrl: baseUrlOf(original), textsTo: original.textsTo }
    const victim = await becomeUser(place, '4829', address())
    const attack = { place, victim, rounds: 1, guesses: 60, connections: 30, randomness }
    expect((await guessCodes(attack)).evaluated).toBeGreaterThan(20)
  })
})

describe(`case 16, code brute force, on the key server, ${repeat}`, () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startKeyServer()
  })
  afterAll(() => app.stop())

  it('compares thirty, whatever the code, the purpose, the spelling and the connection', async () => {
    const place = placeOf(app)
    const victim = await becomeUser(place, '4829', address())
    const verdict = await guessCodes({ place, victim, rounds: 3, guesses: 60, connections: 30, randomness })
    expect(verdict).toEqual({ guesses: 180, evaluated: 30, refused: 150, strange: [], rightCode: 429 })
  })

  it('takes a code under no address but its own', async () => {
    const place = placeOf(app)
    const victim = await becomeUser(place, '4829', address())
    expect(await aliasCode({ place, victim })).toEqual({ served: [], own: 423 })
  })
})
