import { describe, expect, it } from 'vitest'
import { becomeOwner, drawFrom, drawSeed, guessForYears, startOriginal } from '../src/index.ts'
import { baseUrlOf, passTime, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const [years, enough] = [5, 100]

describe(`case 4, lifetime drip guessing, on the original’s shape, ${repeat}`, () => {
  it('goes on at ten guesses a week, without an end', async () => {
    await using original = await startOriginal()
    const baseUrl = baseUrlOf(original)
    const owner = await becomeOwner(baseUrl, '4829')
    const passSeconds = async (seconds: number) => original.shiftClock(seconds / 86_400)
    const verdict = await guessForYears({ baseUrl, owner, passSeconds, years, enough, randomness })
    // The first guess after a week is not counted, as in the original.
    expect(verdict).toEqual({ evaluated: enough, waits: 9, isSlowing: true })
  })
})

describe(`case 4, lifetime drip guessing, on the key server, ${repeat}`, () => {
  it('evaluates fewer than a hundred guesses in five years', async () => {
    await using app = await startKeyServer()
    const baseUrl = baseUrlOf(app)
    const owner = await becomeOwner(baseUrl, '4829')
    const passSeconds = (seconds: number) => passTime(app, `${String(seconds)} seconds`)
    const verdict = await guessForYears({ baseUrl, owner, passSeconds, years, enough, randomness })
    expect(verdict).toEqual({ evaluated: 90, waits: 9, isSlowing: true })
  })
})
