import { describe, expect, it } from 'vitest'
import { ask, drawFrom, drawSeed, spillLcaCanaries, startLcaOriginal } from '../src/index.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 21, secrets in output, on the LCA original’s shape, ${repeat}`, () => {
  it('logs tokens and contacts with the query, and shares with the JSON that it could not read', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const { leaks } = await spillLcaCanaries({ place, outputs: { log: () => original.log() }, randomness })
    const leaked = new Set(leaks.map(({ canary, place: where }) => `${canary} -> ${where}`))
    for (const name of ['token in a query', 'contact in a query', 'unquoted JSON'])
      expect(leaked).toContain(`${name} -> log`)
  })
})

describe(`case 21, secrets in output, on sss-lca, ${repeat}`, () => {
  it('says no secret in answers, log, metrics or documents', async () => {
    await using world = await startSssLca()
    const place = lcaPlaceOf(world)
    const page = (path: string) => async () => (await ask({ method: 'GET', url: place.baseUrl + path })).body
    const outputs = { log: () => world.app.log(), metrics: page('/metrics'), document: page('/openapi.json') }
    const verdict = await spillLcaCanaries({ place, outputs, randomness })
    expect(verdict.leaks).toEqual([])
    expect(verdict.unanswered).toBe(0)
    expect(verdict.canaries).toBeGreaterThan(60)
    expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
  })
})
