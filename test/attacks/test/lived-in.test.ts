import { createHmac, hash } from 'node:crypto'
import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  drawFrom,
  drawSeed,
  dumpDatabase,
  findLeaks,
  gatherIngredients,
  guessContacts,
  liveIn,
  newShare,
  settle,
  standsAlone,
  startLcaOriginal,
  type DumpedCell,
  type LcaPlace,
} from '../src/index.ts'
import { passTime } from './key-server.ts'
import { keepEveryJob } from './kept-jobs.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** Text as it is; bytes as they are and as hex, in which bytes are looked for. */
const textOf = (cells: readonly DumpedCell[]) =>
  cells
    .flatMap(({ value }) =>
      typeof value === 'string' ? [value] : [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('hex')],
    )
    .join('\n')

const looked = (story: Awaited<ReturnType<typeof liveIn>>, place: string, text: string): Set<string> => {
  const leaks = findLeaks(story.canaries, place, text).map(({ canary }) => canary)
  return new Set([...leaks, ...story.codes.filter((code) => standsAlone(code, text)).map(() => 'code')])
}

describe(`case 5, database dump, on the original’s shape, ${repeat}`, () => {
  it('finds shares, addresses, subjects and codes in clear, and tokens in the log', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const story = await liveIn({ place, randomness, additive: () => Promise.resolve() })
    const found = looked(story, 'dump', textOf(original.dump()))
    const expected = [
      'share',
      'recovery share',
      'e-mail address',
      'recovery address',
      'pending address',
      'subject',
      'code',
    ]
    for (const name of expected) expect(found).toContain(name)
    expect(looked(story, 'log', await original.log())).toContain('login token')
  })
})

/** Few enough that anybody could list them. */
const range = '+88217000'
const numbers = Array.from({ length: 200 }, (_, at) => `${range}${String(at).padStart(4, '0')}`)
const names = Array.from({ length: 50 }, (_, at) => `ann.${String(at)}@example.com`)

describe(`case 5, database dump, on sss-lca, ${repeat}`, () => {
  let world: World
  let place: LcaPlace
  beforeAll(async () => {
    world = await startSssLca({ processes: 0 })
    place = lcaPlaceOf(world, await world.app.spawn({ ...(await world.app.outbox.push.environment()) }))
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('finds no share, contact, code, token, subject or key in dump, jobs and log of a world in which all has happened', async () => {
    await keepEveryJob(world.app)
    const story = await liveIn({
      place,
      randomness,
      async additive(ann, token) {
        const body = { ...(await ann.login()), kind: 'fcm', token }
        expect((await ann.ask({ path: '/qr-login/devices', body })).status).toBe(200)
        expect((await ann.remove()).status).toBe(200)
        expect((await ann.restore()).status).toBe(200)
      },
    })
    await passTime(world.app, '1 hour')
    const cells = await dumpDatabase(world.app)
    expect(cells.some(({ table }) => table === 'attacker.jobs')).toBe(true)
    expect(cells.some(({ table }) => table === 'secret_shares.held')).toBe(true)
    expect(looked(story, 'dump', textOf(cells))).toEqual(new Set())
    expect(looked(story, 'log', await world.app.log())).toEqual(new Set())
    const watched = new Set(story.canaries.map(({ name }) => name))
    expect(watched.size).toBeGreaterThan(15)
  })

  it('confirms no number of a range and no address of a list by anything that is stored', async () => {
    const [phone = '', email = ''] = [numbers[randomness.integer(200)], names[randomness.integer(50)]]
    await settle(place, { phone }, newShare(randomness))
    await settle(place, { email }, newShare(randomness))
    const own = await world.app.sql(`select lookup from secret_shares.accounts order by created_at desc limit 2`)
    const stored = gatherIngredients(await dumpDatabase(world.app))
    for (const { lookup } of own)
      expect(stored.some(({ bytes }) => Buffer.from(bytes).equals(lookup as Buffer))).toBe(true)
    // Of tables that only name records, no value is a salt.
    const salts = stored.filter(({ name }) => !/^(audit|time_locks|graphile_worker|attacker)\./.test(name))
    expect(await guessContacts({ stored, salts, type: 'phone', candidates: numbers })).toEqual([])
    expect(await guessContacts({ stored, salts, type: 'email', candidates: names })).toEqual([])
  }, 240_000)
})

it.each([
  { kept: 'SHA-256', stored: (number: string) => Buffer.from(hash('sha256', number), 'hex') },
  {
    kept: 'SHA-512, cut',
    stored: (number: string) => Buffer.from(hash('sha512', `phone:${number}`), 'hex').subarray(0, 32),
  },
  {
    kept: 'HMAC under a column',
    stored: (number: string) => createHmac('sha256', 'a salt beside it').update(number).digest(),
  },
])('a number that is kept as $kept is found out', async ({ stored }) => {
  const salts = [{ name: 'salt', bytes: Buffer.from('a salt beside it') }]
  const kept = [...salts, { name: 'lookup', bytes: stored(numbers[77] ?? '') }]
  const hits = await guessContacts({ stored: kept, salts, type: 'phone', candidates: numbers.slice(0, 100) })
  expect(hits).toHaveLength(1)
})
