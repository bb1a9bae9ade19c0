import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  confuseCodes,
  drawFrom,
  drawSeed,
  forgiveGuesses,
  guessLoginCodes,
  guessRecoveryCodes,
  startLcaOriginal,
  type LcaPlace,
} from '../src/index.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const attack = { randomness, rounds: 3, guesses: 60, connections: 20 }

describe(`case 16, code brute force, on the LCA original’s shape, ${repeat}`, () => {
  it('compares whatever is asked, and the right code serves all the same', async () => {
    await using original = await startLcaOriginal()
    const places = [lcaPlaceOfOriginal(original)] as const
    const endless = { guesses: 180, evaluated: 180, refused: 0, unread: 0, strange: [], rightCode: 'right' }
    expect(await guessLoginCodes({ ...attack, places })).toEqual(endless)
    expect(await guessRecoveryCodes({ ...attack, places })).toEqual(endless)
  })
})

describe(`case 16, code brute force, on sss-lca, ${repeat}`, () => {
  let world: World
  let places: [LcaPlace, LcaPlace]
  beforeAll(async () => {
    world = await startSssLca({ processes: 2 })
    const [first, second] = world.app.processes.map((one) => lcaPlaceOf(world, one))
    if (first === undefined || second === undefined) throw new Error('Two processes are needed.')
    places = [first, second]
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('compares thirty login codes of an address, at both endpoints, whatever its spelling, at two processes', async () => {
    const verdict = await guessLoginCodes({ ...attack, places })
    // Two of five spellings are no address here.
    expect(verdict).toEqual({ guesses: 180, evaluated: 30, refused: 78, unread: 72, strange: [], rightCode: 'refused' })
  })

  it('compares thirty codes of a recovery address, at two processes', async () => {
    const verdict = await guessRecoveryCodes({ ...attack, places })
    expect(verdict).toEqual({ guesses: 180, evaluated: 30, refused: 150, unread: 0, strange: [], rightCode: 'refused' })
  })

  it('takes a code for nothing but its purpose, its address and its record', async () => {
    expect(await confuseCodes({ place: places[0], randomness })).toEqual({
      recoveryAtLogin: false,
      recoveryAtUpgrade: false,
      loginAtRecovery: false,
      anotherRecords: false,
      tagged: false,
      recovery: true,
      upgrade: true,
      upgradeAgain: false,
    })
  })

  it('gives no guess at a new code back for an older one', async () => {
    expect(await forgiveGuesses({ places, randomness, rounds: 2 })).toBe(30)
  })
})
