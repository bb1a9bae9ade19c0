import { describe, expect, it } from 'vitest'
import { ask, drawFrom, drawSeed, spillDuoCanaries } from '../src/index.ts'
import { duoPlaceOf, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 21, secrets in output, on the Duo original’s shape, ${repeat}`, () => {
  it('logs tokens with the request, and answers with what it could not read', async () => {
    await using world = await startDuoOriginalWithFaces()
    const outputs = { log: () => world.original.log() }
    const { leaks } = await spillDuoCanaries({ place: world.place, outputs, randomness })
    const leaked = new Set(leaks.map(({ canary, place }) => `${canary} -> ${place}`))
    for (const one of ['bearer -> log', 'user agent -> log', 'key in an array -> answers'])
      expect(leaked).toContain(one)
  })
})

describe(`case 21, secrets in output, on mpc-auth, ${repeat}`, () => {
  it('says no secret in answers, log, metrics or documents', async () => {
    await using mpc = await startMpcAuth()
    const place = duoPlaceOf(mpc)
    const page = (path: string) => async () => (await ask({ method: 'GET', url: place.baseUrl + path })).body
    const outputs = { log: () => mpc.world.app.log(), metrics: page('/metrics'), document: page('/openapi.json') }
    const verdict = await spillDuoCanaries({ place, outputs, randomness })
    expect(verdict.leaks).toEqual([])
    expect(verdict.unanswered).toBe(0)
    expect(verdict.canaries).toBeGreaterThan(60)
    expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
  })
})
