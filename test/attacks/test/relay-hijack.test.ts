import { startRedis } from '@strongroom/redis'
import type { World } from '@strongroom/sss-lca/testing'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  drawFrom,
  drawSeed,
  fetchTwice,
  fillRelay,
  guessShortCodes,
  newAddress,
  newShare,
  raceApprovals,
  replayApproval,
  settle,
  startLcaOriginal,
  type LcaPlace,
} from '../src/index.ts'
import { passTime } from './key-server.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const newOwner = (place: LcaPlace) => settle(place, { email: newAddress(randomness) }, newShare(randomness))

describe(`case 24, relay hijack, on the original’s shape, ${repeat}`, () => {
  it('lets anybody approve, both win, and all fetch', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const [approver, thief] = [await newOwner(place), await newOwner(place)]
    const attack = { places: [place], randomness }
    const wins = await raceApprovals({ ...attack, approvers: [approver, thief], rounds: 20 })
    expect(wins.both).toBeGreaterThan(0)
    expect(wins.mixed).toBeGreaterThan(0)
    const replayed = await replayApproval({ ...attack, approver, thief })
    expect(replayed).toMatchObject({ strangers: 200, payload: 'a stranger’s' })
    expect(await fetchTwice({ ...attack, approver, fetches: 4 })).toEqual({
      withoutToken: 8,
      withToken: 4,
      afterwards: 4,
    })
    expect(await guessShortCodes({ ...attack, callers: 1, guesses: 60 })).toEqual({ compared: 60, refused: 0 })
  })
})

interface Relay {
  places: LcaPlace[]
  /** Makes so many sessions live that are not there. */
  crowd(sessions: number): Promise<void>
  /** Until all that is there has ended, limits too. */
  pass(): Promise<void>
  close(): Promise<void>
}

const inPostgres = async (world: World): Promise<Relay> => ({
  places: [await world.app.spawn(), await world.app.spawn()].map((one) => lcaPlaceOf(world, one)),
  crowd: async (sessions) =>
    void (await world.app.sql(`
      insert into qr_login.sessions (id, short_code, public_key, expires_at)
      select gen_random_uuid(), lpad(n::text, 8, '0'), 'key', strongroom.now() + interval '2 minutes'
        from generate_series(1, ${String(sessions)}) as n`)),
  pass: () => passTime(world.app, '15 minutes'),
  close: () => Promise.resolve(),
})

const inRedis = async (world: World): Promise<Relay> => {
  const server = await startRedis()
  const operator = await createClient({ url: server.url }).connect()
  const settings = { REDIS_URL: server.url }
  return {
    places: [await world.app.spawn(settings), await world.app.spawn(settings)].map((one) => lcaPlaceOf(world, one)),
    async crowd(sessions) {
      const live = (await operator.keys('*')).find((key) => key.endsWith(':live')) ?? ''
      const score = Date.now() + 120_000
      await operator.zAdd(
        live,
        Array.from({ length: sessions }, (_, n) => ({ score, value: `crowd ${String(n)}` })),
      )
    },
    pass: async () => void (await operator.flushAll()),
    async close() {
      operator.destroy()
      await server.close()
    },
  }
}

describe(`case 24, relay hijack, on sss-lca, ${repeat}`, () => {
  let world: World
  beforeAll(async () => {
    world = await startSssLca({ processes: 0, settings: { TRUSTED_PROXY_HOPS: '1', LOG_LEVEL: 'warn' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  describe.each([
    { store: 'PostgreSQL', start: inPostgres },
    { store: 'Redis', start: inRedis },
  ])('sessions in $store', ({ start }) => {
    let relay: Relay
    beforeAll(async () => {
      relay = await start(world)
    })
    afterAll(() => relay.close())
    const attack = () => ({ places: relay.places, randomness })
    const ownerOf = () => newOwner(relay.places[0] as LcaPlace)

    it('of two approvers at once one wins, a hundred times, and what arrives is the winner’s', async () => {
      const approvers = [await ownerOf(), await ownerOf()] as const
      const wins = await raceApprovals({ ...attack(), approvers, rounds: 100 })
      expect(wins).toEqual({ one: 100, both: 0, neither: 0, mixed: 0 })
    })

    it('an approval takes a login and is good once; a short code gives nothing away', async () => {
      const verdict = await replayApproval({ ...attack(), approver: await ownerOf(), thief: await ownerOf() })
      expect(verdict).toEqual({ strangers: 400, own: 200, again: [409, 409], payload: 'the owner’s', byCode: [] })
    })

    it('the payload of a poll token is given to it alone, once', async () => {
      const verdict = await fetchTwice({ ...attack(), approver: await ownerOf(), fetches: 12 })
      expect(verdict).toEqual({ withoutToken: 0, withToken: 1, afterwards: 0 })
    })

    it('twenty short codes a minute are guessed by one caller, fifteen hundred by all', async () => {
      await relay.pass()
      expect(await guessShortCodes({ ...attack(), callers: 1, guesses: 60 })).toEqual({ compared: 20, refused: 40 })
      expect(await guessShortCodes({ ...attack(), callers: 80, guesses: 20 })).toEqual({ compared: 1480, refused: 120 })
    })

    it('five thousand sessions live, and no more', async () => {
      await relay.pass()
      expect(await fillRelay({ ...attack(), sessions: 1 })).toEqual({ opened: 1, refused: 0 })
      await relay.crowd(4_979)
      expect(await fillRelay({ ...attack(), sessions: 60 })).toEqual({ opened: 20, refused: 40 })
    })
  })
})
