import { describe, expect, it } from 'vitest'
import { ask, drawFrom, drawSeed, spillIdentityCanaries, startIdentityOriginal } from '../src/index.ts'
import { identityPlaceOf, originalPlaceOf, startIdentity } from './identity-storage.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 21, secrets in output, on the Identity Storage original’s shape, ${repeat}`, () => {
  it('logs ids and signatures with the request, and answers with what it could not read', async () => {
    await using original = await startIdentityOriginal()
    const outputs = { log: () => original.log() }
    const { leaks } = await spillIdentityCanaries({ place: originalPlaceOf(original), outputs, randomness })
    const leaked = new Set(leaks.map(({ canary, place }) => `${canary} -> ${place}`))
    for (const one of ['id -> log', 'signature -> log', 'session that is none -> log', 'unquoted JSON -> answers'])
      expect(leaked).toContain(one)
  })
})

describe(`case 21, secrets in output, on identity-storage, ${repeat}`, () => {
  it.each(['compat', 'strict'] as const)(
    'says no secret in answers, log, metrics or documents, %s',
    async (profile) => {
      await using world = await startIdentity({ settings: { SIGNATURES: profile } })
      const place = identityPlaceOf(world, { profile })
      const page = (path: string) => async () => (await ask({ method: 'GET', url: place.baseUrl + path })).body
      const outputs = { log: () => world.app.log(), metrics: page('/metrics'), document: page('/openapi.json') }
      const verdict = await spillIdentityCanaries({ place, outputs, randomness })
      expect(verdict.leaks).toEqual([])
      expect(verdict.unanswered).toBe(0)
      expect(verdict.canaries).toBeGreaterThan(80)
      expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
    },
  )
})
