import { describe, expect, it } from 'vitest'
import { ask, drawFrom, drawSeed, spillCanaries, startOriginal } from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 21, secrets in output, on the original’s shape, ${repeat}`, () => {
  it('logs user ids with the path, and PINs with the JSON that it could not read', async () => {
    await using original = await startOriginal()
    const outputs = { log: () => original.log() }
    const verdict = await spillCanaries({ baseUrl: baseUrlOf(original), outputs, randomness })
    const leaked = new Set(verdict.leaks.map(({ canary, place }) => `${canary} -> ${place}`))
    expect(leaked).toContain('user id in the path -> log')
    expect(leaked).toContain('unquoted JSON -> log')
    expect(verdict.unanswered).toBe(0)
  })
})

describe(`case 21, secrets in output, on the key server, ${repeat}`, () => {
  it('says no secret in answers, log, metrics or documents', async () => {
    await using app = await startKeyServer()
    const baseUrl = baseUrlOf(app)
    const page = (path: string) => async () => (await ask({ method: 'GET', url: baseUrl + path })).body
    const outputs = { log: () => app.log(), metrics: page('/metrics'), document: page('/openapi.json') }
    const verdict = await spillCanaries({ baseUrl, outputs, randomness })
    expect(verdict.leaks).toEqual([])
    expect(verdict.unanswered).toBe(0)
    expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
  })
})
