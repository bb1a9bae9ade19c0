import { describe, expect, it } from 'vitest'
import { ask, drawFrom, drawSeed, dumpDatabase, startOriginal, tellStory, type DumpedCell } from '../src/index.ts'
import { keepEveryJob } from './kept-jobs.ts'
import { baseUrlOf, passTime, placeOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

const textOf = (cells: readonly DumpedCell[]) =>
  cells.map(({ value }) => (typeof value === 'string' ? value : Buffer.from(value).toString('latin1'))).join('\n')

describe(`cases 5 and 21, people in output, on the original’s shape, ${repeat}`, () => {
  it('keeps codes in clear and logs addresses with the path', async () => {
    await using original = await startOriginal()
    const verdict = await tellStory({
      place: { baseUrl: baseUrlOf(original), textsTo: original.textsTo },
      outputs: { dump: async () => textOf(original.dump()), log: () => original.log() },
      passMonth: async () => original.shiftClock(31),
      tellsPeople: false,
      randomness,
    })
    const leaked = new Set(verdict.leaks.map(({ canary, place }) => `${canary} -> ${place}`))
    expect(leaked).toContain('code -> dump')
    expect(leaked).toContain('e-mail address -> log')
  })
})

describe(`cases 5 and 21, people in output, on the key server, ${repeat}`, () => {
  it('no address, number, code or link is in dump, jobs, log, metrics, documents or answers', async () => {
    await using app = await startKeyServer()
    const baseUrl = baseUrlOf(app)
    const page = (path: string) => async () => (await ask({ method: 'GET', url: baseUrl + path })).body
    await keepEveryJob(app)
    const verdict = await tellStory({
      place: placeOf(app),
      outputs: {
        dump: async () => textOf(await dumpDatabase(app)),
        log: () => app.log(),
        metrics: page('/metrics'),
        document: page('/openapi.json'),
      },
      passMonth: () => passTime(app, '31 days'),
      tellsPeople: true,
      randomness,
    })
    expect(verdict.leaks).toEqual([])
    expect(new Set(verdict.canaries)).toEqual(
      new Set(['e-mail address', 'phone number', 'PIN', 'new PIN', 'cancel link', 'code']),
    )
    expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
    const kept = await app.sql('select distinct payload::text like \'%codeId%\' as "isCode" from attacker.jobs')
    expect(kept).toHaveLength(2)
  })
})
