import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allDoors,
  borrowDid,
  drawFrom,
  drawSeed,
  type Door,
  knock,
  presentWithoutChallenge,
  replayAnswer,
  startLcaOriginal,
} from '../src/index.ts'
import { kill, passTime } from './key-server.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** What our API has on top of the original's. */
const additive: readonly Door[] = ['start over', 'cancel a start', 'restore']
const inherited = allDoors.filter((door) => !additive.includes(door))

describe(`case 12, replayed presentations, on the original’s shape, ${repeat}`, () => {
  it('believes what was captured, again and everywhere, and any stranger’s DID', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const { captured, stranger } = await presentWithoutChallenge({ place, randomness })
    expect(captured).toEqual(expect.arrayContaining([...inherited]))
    expect(stranger).toEqual(expect.arrayContaining([...inherited]))
    const replayed = await replayAnswer({ place, randomness })
    expect(replayed).toMatchObject({ isStrangersBelieved: true, isOwnBelieved: true })
    expect(replayed.again).toEqual(expect.arrayContaining([...inherited]))
  })
})

describe(`case 12, replayed presentations, on sss-lca, ${repeat}`, () => {
  let world: World
  beforeAll(async () => {
    world = await startSssLca()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('DID_AUTH=vp lets whoever captured a presentation and holds a login token store, add, verify and delete; nothing else', async () => {
    expect(await presentWithoutChallenge({ place: lcaPlaceOf(world), randomness })).toEqual({
      captured: ['store a share', 'add a method', 'add an e-mail', 'verify an e-mail', 'delete'],
      // Asking to start over is a stranger's right who can log in: but with a challenge.
      stranger: [],
    })
  })

  it('DID_AUTH=vp lets whoever captured a presentation make a record of his own for its DID, and approve devices as it', async () => {
    expect(await borrowDid({ place: lcaPlaceOf(world), randomness })).toEqual({ stored: 200, isShownAsOwner: true })
  })

  it('DID_AUTH=challenge lends no DID', async () => {
    const place = lcaPlaceOf(world, await world.app.spawn({ DID_AUTH: 'challenge' }))
    expect(await borrowDid({ place, randomness })).toEqual({ stored: 401, isShownAsOwner: false })
  })

  it('DID_AUTH=challenge refuses a captured presentation everywhere', async () => {
    const strict = await world.app.spawn({ DID_AUTH: 'challenge' })
    const place = lcaPlaceOf(world, strict)
    expect(await presentWithoutChallenge({ place, randomness })).toEqual({ captured: [], stranger: [] })
  })

  it.each(['vp', 'challenge'])('the answer to a challenge is good once, for its DID, DID_AUTH=%s', async (mode) => {
    const served = await world.app.spawn({ DID_AUTH: mode })
    const replayed = await replayAnswer({ place: lcaPlaceOf(world, served), randomness })
    expect(replayed).toMatchObject({ isStrangersBelieved: false, isOwnBelieved: true, again: [] })
    // Neither another process nor one that was started since believes it.
    const { vp, ownerAt } = replayed
    await kill(served)
    const next = await world.app.spawn({ DID_AUTH: mode })
    const same = ownerAt(lcaPlaceOf(world, next))
    const again: Door[] = []
    for (const door of allDoors) if (await knock(same, door, { vp, randomness })) again.push(door)
    expect(again).toEqual([])
  })

  it('a challenge is answered within ten minutes, by the database’s clock', async () => {
    const place = lcaPlaceOf(world)
    const { owner } = await replayAnswer({ place, randomness })
    const [first, second] = [owner.vp(await owner.challenge()), owner.vp(await owner.challenge())]
    await passTime(world.app, '9 minutes 30 seconds')
    expect(await knock(owner, 'store a share', { vp: first, randomness })).toBe(true)
    await passTime(world.app, '30 seconds')
    expect(await knock(owner, 'store a share', { vp: second, randomness })).toBe(false)
    expect(await knock(owner, 'restore', { vp: second, randomness })).toBe(false)
  })
})
