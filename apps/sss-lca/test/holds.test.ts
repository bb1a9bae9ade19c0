import { passTime } from './pass-time.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSeed, type Person, personOf, startSssLca, type World } from './client.ts'
import { newEmail, newShare, subjectsTo } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const shown = async (person: Person, shareVersion?: number) =>
  (await person.get(shareVersion === undefined ? {} : { shareVersion })).body as {
    authShare: { encryptedData: string } | null
    shareVersion: number
    recoveryMethods: { type: string }[]
  } | null

describe('deleting and restoring', () => {
  test('what was deleted is gone from the wire, and comes back whole by the key of its DID', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    const shares = [newShare(), newShare()]
    for (const share of shares) await ann.put(share)
    await ann.addMethod({ type: 'phrase', shareVersion: 2 })
    expect((await ann.remove()).body).toEqual({ success: true })
    expect(await shown(ann)).toBeNull()
    expect((await ann.remove()).body).toEqual({ success: true })
    expect((await ann.restore()).body).toEqual({ success: true, shareVersion: 2 })
    expect(await shown(ann)).toMatchObject({
      authShare: { encryptedData: shares[1] },
      recoveryMethods: [{ type: 'phrase', shareVersion: 2 }],
    })
    expect((await shown(ann, 1))?.authShare?.encryptedData).toBe(shares[0])
    expect((await ann.put(newShare())).body).toMatchObject({ shareVersion: 3 })
    for (const subject of ['What we keep of your wallet was deleted', 'What we keep of your wallet was restored']) {
      await expect.poll(() => subjectsTo(world.app, email)).toContain(subject)
    }
  })

  test('needs a challenge: a presentation that never changes restores nothing', async () => {
    const ann = personOf(world, { email: newEmail() })
    await ann.put(newShare())
    await ann.remove()
    const captured = await ann.ask({ path: '/keys/restore', vp: ann.vp(), body: {} })
    expect([captured.status, captured.body]).toMatchObject([401, { message: 'UNAUTHORIZED' }])
    const challenge = await ann.challenge()
    const vp = ann.vp(challenge)
    expect((await ann.ask({ path: '/keys/restore', vp, body: {} })).status).toBe(200)
    expect((await ann.ask({ path: '/keys/restore', vp, body: {} })).status).toBe(401)
    expect((await personOf(world, { seed: newSeed() }).restore()).status).toBe(404)
  })

  test('a version keeps its number, and no number is given out twice', async () => {
    const ann = personOf(world, { email: newEmail() })
    const shares = Array.from({ length: 9 }, newShare)
    for (const share of shares) await ann.put(share)
    expect((await ann.restore({ shareVersion: 2 })).body).toEqual({ success: true, shareVersion: 2 })
    expect(await shown(ann)).toMatchObject({ shareVersion: 2, authShare: { encryptedData: shares[1] } })
    expect((await shown(ann, 9))?.authShare).toBeNull()
    expect((await ann.put(newShare())).body).toMatchObject({ shareVersion: 10 })
    expect((await ann.restore({ shareVersion: 9 })).status).toBe(200)
    expect(await shown(ann)).toMatchObject({ shareVersion: 9, authShare: { encryptedData: shares[8] } })
  })

  test('whoever deletes a record and makes one of his own loses it to its owner, for good', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    const share = newShare()
    await ann.put(share)
    await ann.remove()
    const vandal = personOf(world, { email, seed: newSeed() })
    expect((await vandal.put(newShare())).status).toBe(200)
    expect((await ann.restore()).status).toBe(200)
    expect((await vandal.restore()).status).toBe(404)
    expect(await shown(ann)).toMatchObject({ authShare: { encryptedData: share } })
  })

  test('after the hold nothing is left to restore', async () => {
    const own = await startSssLca()
    await using _ = own
    const ann = personOf(own, { email: newEmail() })
    await ann.put(newShare())
    await ann.remove()
    await passTime(own.app, '8 days')
    expect((await ann.restore()).status).toBe(404)
    await expect
      .poll(async () => (await own.app.sql('select count(*)::int as held from secret_shares.held'))[0])
      .toEqual({ held: 0 })
  })
})

describe('starting over', () => {
  test('a lost DID is replaced after seven days in which the owner of the old one can cancel', async () => {
    const own = await startSssLca()
    await using _ = own
    const email = newEmail()
    const old = personOf(own, { email })
    const share = newShare()
    await old.put(share)
    const fresh = personOf(own, { email, seed: newSeed() })
    expect((await fresh.put(newShare())).status).toBe(403)
    expect((await fresh.startOver()).body).toMatchObject({ success: true })
    await passTime(own.app, '6 days')
    expect((await fresh.put(newShare())).status).toBe(403)
    expect((await old.cancelStartOver()).body).toEqual({ success: true })
    await passTime(own.app, '2 days')
    expect((await fresh.put(newShare())).status).toBe(403)

    await fresh.startOver()
    await passTime(own.app, '8 days')
    const newest = newShare()
    expect((await fresh.put(newest)).body).toEqual({ success: true, shareVersion: 1 })
    expect((await fresh.get()).body).toMatchObject({ primaryDid: fresh.did, authShare: { encryptedData: newest } })
    expect((await old.put(newShare())).status).toBe(403)
    for (const subject of [
      'Somebody asked to start your wallet over',
      'Starting your wallet over was cancelled',
      'Your wallet was started over',
    ]) {
      await expect.poll(() => subjectsTo(own.app, email)).toContain(subject)
    }
  })

  test('needs the login that the record is bound to, and another DID than its own', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    await ann.put(newShare())
    expect((await ann.startOver()).status).toBe(409)
    expect((await personOf(world, { email: newEmail() }).startOver()).status).toBe(404)
    expect((await ann.cancelStartOver()).status).toBe(404)
  })
})
