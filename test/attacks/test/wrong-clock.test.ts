import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { abuseWrongClock, drawFrom, drawSeed, startOriginal } from '../src/index.ts'
import { baseUrlOf, passTime, placeOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 23, wrong clock, on the original’s shape, ${repeat}`, () => {
  it('opens the lock early, knows no old code, and gives guesses for nothing', async () => {
    await using original = await startOriginal()
    const place = { baseUrl: baseUrlOf(original), textsTo: original.textsTo }
    const verdict = await abuseWrongClock({
      behind: place,
      ahead: place,
      randomness,
      jump: () => original.shiftClock(31),
      passTime: async () => original.shiftClock(1),
    })
    // The old code is taken: it arms anew.
    expect(verdict).toEqual({ armed: 423, completed: 200, isReset: true, oldCode: 423, spent: 429, spentAhead: 404 })
  })
})

const skewed = (days: number) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'skewed-date.ts')).href}`,
  SKEW_DAYS: String(days),
})

describe(`case 23, wrong clock, on the key server, ${repeat}`, () => {
  it('keeps locks, codes and windows by the database’s clock, 40 days ahead and 40 days behind', async () => {
    await using app = await startKeyServer({ processes: 0 })
    const [slow, fast] = [await app.spawn(skewed(-40)), await app.spawn(skewed(40))]
    const [behind, ahead] = [placeOf(app, slow), placeOf(app, fast)]
    const verdict = await abuseWrongClock({
      behind,
      ahead,
      randomness,
      jump: () => undefined,
      passTime: (interval) => passTime(app, interval),
    })
    expect(verdict).toEqual({ armed: 423, completed: 423, isReset: false, oldCode: 404, spent: 429, spentAhead: 429 })
    // That their clocks were wrong indeed.
    const times = [...(await app.log()).matchAll(/"time":"?(\d{4}-[^"]+|\d+)"?/g)].map(([, time]) =>
      new Date(Number(time) || String(time)).getTime(),
    )
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(79 * 86_400_000)
  })
})
