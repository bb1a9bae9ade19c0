import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bombMailbox,
  bombWithNotices,
  drawFrom,
  drawSeed,
  newAddress,
  newPhone,
  startLcaOriginal,
  waitUntil,
} from '../src/index.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const attack = { randomness, connections: 12 }

describe(`case 18, mail bombing, on the original’s shape, ${repeat}`, () => {
  it('mails whatever is asked, to whomever', async () => {
    await using original = await startLcaOriginal()
    const verdict = await bombMailbox({ ...attack, place: lcaPlaceOfOriginal(original) })
    expect(verdict).toEqual({ asked: 540, accepted: 540, received: 540 })
  })
})

describe(`case 18, mail bombing, on sss-lca, ${repeat}`, () => {
  let world: World
  beforeAll(async () => {
    world = await startSssLca({ settings: { TRUSTED_PROXY_HOPS: '1' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('one mailbox gets twenty codes and three backups a day, whatever asks and however it is spelled', async () => {
    const verdict = await bombMailbox({ ...attack, place: lcaPlaceOf(world) })
    expect(verdict.received).toBe(verdict.accepted)
    expect(verdict.received).toBeLessThanOrEqual(23)
    expect(verdict.received).toBeGreaterThan(10)
  })

  it.each([
    { channel: 'e-mail', contact: { email: newAddress(randomness) } },
    { channel: 'SMS', contact: { phone: newPhone(randomness) } },
  ])('what an owner is told of by $channel stays bounded, whoever causes it', async ({ contact }) => {
    const settled = () =>
      waitUntil('what is to be told', async () => {
        const [open] = await world.app.sql(`
          select (select count(*) from secret_shares.notices where sent_at is null and failed_at is null)::int
               + (select count(*) from time_locks.notices where claimed_at is null and due_at <= strongroom.now())::int as count`)
        return open?.['count'] === 0
      })
    const told = await bombWithNotices({ ...attack, place: lcaPlaceOf(world), contact, settled })
    expect(told).toEqual({ refusals: 1, startsOver: 5, lookUps: 10, ownReads: 2, turnover: 25 })
  })
})
