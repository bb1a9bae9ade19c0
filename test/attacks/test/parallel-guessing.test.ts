import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '@strongroom/test-world'
import {
  becomeOwner,
  budget,
  drawFrom,
  drawSeed,
  guessInParallel,
  spendWhatRemains,
  startOriginal,
} from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 1, parallel PIN guessing, on the original’s shape, ${repeat}`, () => {
  it.each([
    { servers: 1, connections: 16 },
    { servers: 1, connections: 100 },
    { servers: 3, connections: 16 },
  ])(
    'evaluates more than the budget: $connections connections to each of $servers',
    async ({ servers, connections }) => {
      await using original = await startOriginal({ servers })
      const owner = await becomeOwner(baseUrlOf(original), '4829')
      const verdict = await guessInParallel({ ...original, owner, guesses: 200, connections, randomness })
      expect(verdict.evaluated).toBeGreaterThan(budget)
      expect(verdict).toMatchObject({ lost: 0, strange: {} })
    },
  )

  it('keeps the budget against one who asks in order, so what breaks it is the race', async () => {
    await using original = await startOriginal()
    const owner = await becomeOwner(baseUrlOf(original), '4829')
    const verdict = await guessInParallel({ ...original, owner, guesses: 30, connections: 1, randomness })
    expect(verdict).toEqual({ guesses: 30, evaluated: budget, refused: 20, lost: 0, strange: {} })
  })
})

describe(`case 1, parallel PIN guessing, on the key server, ${repeat}`, () => {
  const guesses = 1_000
  let app: TestApp
  beforeAll(async () => {
    app = await startKeyServer({ processes: 3 })
  })
  afterAll(() => app.stop())

  it.each([
    { servers: 1, connections: 1 },
    { servers: 1, connections: 16 },
    { servers: 1, connections: 100 },
    { servers: 3, connections: 1 },
    { servers: 3, connections: 16 },
    { servers: 3, connections: 100 },
  ])('evaluates exactly the budget: $connections connections to each of $servers', async ({ servers, connections }) => {
    const baseUrls = app.baseUrls.slice(0, servers)
    const owner = await becomeOwner(baseUrlOf(app), '4829')
    const verdict = await guessInParallel({ baseUrls, owner, guesses, connections, randomness })
    expect(verdict).toEqual({ guesses, evaluated: budget, refused: guesses - budget, lost: 0, strange: {} })
  })

  it('grants nothing more when a process is killed on the way', async () => {
    const victim = await app.spawn()
    const survivors = app.baseUrls.filter((baseUrl) => baseUrl !== victim.baseUrl)
    const baseUrls = [victim.baseUrl, ...survivors.slice(0, 2)]
    const owner = await becomeOwner(baseUrlOf(app), '4829')
    const verdict = await guessInParallel({
      baseUrls,
      owner,
      guesses,
      connections: 16,
      randomness,
      killOnTheWay: async () => void victim.child.kill('SIGKILL'),
    })
    const left = await spendWhatRemains(baseUrlOf(app), owner)
    expect(verdict.lost).toBeGreaterThan(0)
    expect(verdict.strange).toEqual({})
    expect(verdict.evaluated + left).toBeLessThanOrEqual(budget)
  })
})
