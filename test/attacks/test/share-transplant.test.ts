import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  drawFrom,
  drawSeed,
  settleWhole,
  startLcaOriginal,
  transplantShares,
  type LcaPlace,
  type Settled,
} from '../src/index.ts'
import { combine, rowsOf } from './share-rows.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const two = async (place: LcaPlace) =>
  [await settleWhole(place, randomness), await settleWhole(place, randomness)] as const

/** One after the other. */
const all =
  (...steps: (() => Promise<void>)[]) =>
  async (): Promise<void> => {
    for (const step of steps) await step()
  }

describe(`case 7, share transplant, on the original’s shape, ${repeat}`, () => {
  it('serves whatever lies in the row', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const people = await two(place)
    const [one = '', other = ''] = original.database.userKeys.keys()
    const swap = (field: 'authShare' | 'methods' | 'recoveryEmail') => async () =>
      original.database.userKeys.swap(one, other, [field])
    const moves = { shares: swap('authShare'), methods: swap('methods'), address: swap('recoveryEmail') }
    const { foreign } = await transplantShares({ place, people, moves, by: 'login' })
    expect(new Set(foreign)).toEqual(new Set(['shares', 'methods', 'address: mailed']))
  })
})

describe(`case 7, share transplant, on sss-lca, ${repeat}`, () => {
  let world: World
  let place: LcaPlace
  beforeAll(async () => {
    world = await startSssLca({ settings: { TRUSTED_PROXY_HOPS: '1' } })
    place = lcaPlaceOf(world)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const sql = (query: string) => world.app.sql(query)
  const rows = (people: readonly [Settled, Settled]) => rowsOf({ sql, people })

  it('no exchange of columns of two records shows or mails anybody what is another’s', async () => {
    const people = await two(place)
    const { swapAccounts } = await rows(people)
    const columns = ['lookup', 'contact', 'recovery_email', 'primary_did']
    const moves = Object.fromEntries(combine(columns).map((some) => [some.join(', '), swapAccounts(some)]))
    const verdict = await transplantShares({ place, people, moves, by: 'login' })
    expect(verdict).toMatchObject({ foreign: [], forbidden: [], asked: 15 * 2 * 7, intact: 2 })
  })

  it('nor one of shares, logins and names', async () => {
    const people = await two(place)
    const { swapAccounts, swapRows, giveLogins: logins } = await rows(people)
    const names = swapAccounts(['lookup'])
    const shares = swapRows('shares', { columns: ['envelope'], alike: 'mine.version = theirs.version' })
    const moves = {
      shares,
      'shares of other versions': swapRows('shares', {
        columns: ['envelope'],
        alike: 'mine.version <> theirs.version',
      }),
      logins,
      'logins and names': all(logins, names),
      'logins, names and shares': all(logins, names, shares),
      'names, logins and all columns': all(
        logins,
        swapAccounts(['lookup', 'contact', 'recovery_email', 'primary_did']),
      ),
    }
    const verdict = await transplantShares({ place, people, moves, by: 'login' })
    expect(verdict).toMatchObject({ foreign: [], forbidden: [], intact: 2 })
  })

  it.each(['login', 'contact'] as const)('nor one of recovery methods, by %s', async (by) => {
    const columns = ['slot', 'credential_id', 'envelope']
    const combinations = combine(columns)
    const verdicts = await Promise.all(
      combinations.map(async (some) => {
        // Look-ups by contact are few a day.
        const people = await two(place)
        const { swapRows } = await rows(people)
        const move = swapRows('recovery_methods', { columns: some, alike: 'mine.type = theirs.type' })
        return transplantShares({ place, people, moves: { [some.join(', ')]: move }, by })
      }),
    )
    expect(verdicts.flatMap(({ foreign, forbidden }) => [...foreign, ...forbidden])).toEqual([])
    expect(verdicts.map(({ intact }) => intact)).toEqual(combinations.map(() => 2))
    // Something was served: whoever has moved nothing that counts is not refused.
    expect(verdicts.reduce((sum, { served }) => sum + served, 0)).toBeGreaterThan(0)
  })
})
