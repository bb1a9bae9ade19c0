import type { World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  drawFrom,
  drawSeed,
  floodChallenges,
  moveAway,
  newAddress,
  newPhone,
  newShare,
  personAt,
  settle,
  shownTo,
  startLcaOriginal,
  vandalize,
} from '../src/index.ts'
import { passTime } from './key-server.ts'
import { lcaPlaceOf, lcaPlaceOfOriginal, startSssLca } from './sss-lca.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const contact = () => ({ email: newAddress(randomness) })
const allDone = Array<number>(14).fill(200)

describe(`case 33, vandal, on the original’s shape, ${repeat}`, () => {
  it('destroys the share for good, and keeps its owner out', async () => {
    await using original = await startLcaOriginal()
    const place = lcaPlaceOfOriginal(original)
    const { owner, vandal, share, done } = await vandalize({ place, contact: contact(), randomness })
    expect(done).toEqual(allDone)
    expect((await owner.restore({ shareVersion: 2 })).status).toBe(404)
    expect(await shownTo(owner, 2)).toMatchObject({ authShare: null, primaryDid: vandal.did })
    expect(JSON.stringify(original.dump())).not.toContain(share)
  })
})

describe(`case 33, vandal, on sss-lca, ${repeat}`, () => {
  let world: World
  beforeAll(async () => {
    world = await startSssLca({ settings: { TRUSTED_PROXY_HOPS: '1' } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('is undone within the hold, to the version of the device, and cannot displace the owner again', async () => {
    const place = lcaPlaceOf(world)
    const { owner, vandal, share, shareVersion, done } = await vandalize({ place, contact: contact(), randomness })
    expect(done).toEqual(allDone)
    await passTime(world.app, '6 days')
    // He holds a presentation of the owner's, but not the owner's key.
    expect((await owner.ask({ path: '/keys/restore', vp: owner.vp(), body: { shareVersion } })).status).toBe(401)
    expect((await vandal.restore({ shareVersion })).status).toBe(404)
    expect((await owner.restore({ shareVersion })).body).toEqual({ success: true, shareVersion })
    const restored = {
      authShare: { encryptedData: share },
      primaryDid: owner.did,
      recoveryMethods: [{ type: 'passkey', credentialId: 'owner', shareVersion: 2 }],
      maskedRecoveryEmail: null,
    }
    expect(await shownTo(owner)).toMatchObject(restored)
    expect((await owner.readMethod({ type: 'passkey', credentialId: 'owner' })).body).toMatchObject({
      encryptedShare: share,
    })
    const again = [
      vandal.put(newShare(randomness)),
      vandal.addMethod({ type: 'phrase' }),
      vandal.remove(),
      vandal.restore(),
    ]
    expect((await Promise.all(again)).map(({ status }) => status)).toEqual([403, 403, 403, 404])
    expect(await shownTo(owner)).toMatchObject(restored)
    // What he stored is his at no version, and no number is given out twice.
    expect((await owner.put(newShare(randomness))).body).toMatchObject({ shareVersion: 13 })
  })

  it('does not hide the record behind one of his own for the same DID', async () => {
    const place = lcaPlaceOf(world)
    const own = contact()
    const { owner, share, shareVersion } = await vandalize({ place, contact: own, randomness })
    const login = await personAt(place, contact()).login()
    const authShare = { encryptedData: newShare(randomness), encryptedDek: '', iv: '' }
    const vp = owner.vp()
    expect(
      (await owner.ask({ method: 'PUT', path: '/keys/auth-share', vp, body: { ...login, authShare } })).status,
    ).toBe(200)
    expect((await owner.ask({ path: '/keys/delete', vp, body: login })).status).toBe(200)
    expect((await owner.restore()).status).toBe(409)
    const contactMethod = { type: 'email', value: own.email }
    expect((await owner.restore({ shareVersion, contactMethod })).status).toBe(200)
    expect(await shownTo(owner)).toMatchObject({ authShare: { encryptedData: share } })
  })

  it('is undone after he started over, which the owner did not cancel', async () => {
    const place = lcaPlaceOf(world)
    const own = contact()
    const share = newShare(randomness)
    const owner = await settle(place, own, share)
    const vandal = personAt(place, own)
    expect((await vandal.startOver()).status).toBe(200)
    await passTime(world.app, '8 days')
    expect((await vandal.put(newShare(randomness))).body).toEqual({ success: true, shareVersion: 1 })
    await passTime(world.app, '6 days')
    expect((await owner.restore()).status).toBe(200)
    expect(await shownTo(owner)).toMatchObject({ authShare: { encryptedData: share }, primaryDid: owner.did })
    expect((await vandal.put(newShare(randomness))).status).toBe(403)
    expect((await vandal.restore()).status).toBe(404)
  })

  it('is undone where he moved the record to an address of his', async () => {
    const place = lcaPlaceOf(world)
    const phone = newPhone(randomness)
    const { owner, email, status } = await moveAway({ place, contact: { phone }, randomness })
    expect(status).toBe(200)
    expect((await owner.restore()).status).toBe(200)
    const authToken = await world.issuer.issueToken({ email })
    const vandals = await owner.ask({ path: '/keys/auth-share', body: { authToken, providerType: 'firebase' } })
    expect(vandals.text).toBe('null')
    const [record] = await world.app.sql(
      `select contact_type as type, share_version as version from secret_shares.accounts where primary_did = '${owner.did}'`,
    )
    expect(record).toEqual({ type: 'phone', version: 1 })
  })

  it('cannot keep the owner from restoring by asking for challenges in the owner’s name', async () => {
    const place = lcaPlaceOf(world)
    const { owner, share, shareVersion } = await vandalize({ place, contact: contact(), randomness })
    const flood = floodChallenges(owner, 8)
    const statuses: number[] = []
    try {
      for (let turn = 0; turn < 5; turn++) statuses.push((await owner.restore({ shareVersion })).status)
    } finally {
      expect(await flood.stop()).toBeGreaterThan(10)
    }
    expect(statuses).toEqual(Array(5).fill(200))
    expect(await shownTo(owner)).toMatchObject({ authShare: { encryptedData: share } })
  })
})
