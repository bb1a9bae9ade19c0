import { beforeEach, describe, expect, test } from 'vitest'
import { deviceShareId } from '../device-store.ts'
import { didOf } from '../did.ts'
import { shareToHex, splitSeed } from '../shares.ts'
import { custodyWorld, did, expectReady, seed, seedOf } from '../../test/custody-world.ts'

const world = custodyWorld()

describe('a rotation that is interrupted leaves a device that logs in', () => {
  beforeEach(() => world.custody.setUp(seed))

  test.each(['before', 'after'] as const)('the answer is lost %s the share was stored', async (when) => {
    world.server.hangUp('PUT /keys/auth-share', when)
    await expect(world.custody.rotate(seed)).rejects.toMatchObject({ isOutage: true })
    expect(world.record()?.version).toBe(when === 'before' ? 1 : 2)
    await expectReady(world.custody)
    await world.custody.rotate(seed)
    await expectReady(world.custody)
  })

  test('the first share of all was stored and the answer lost', async () => {
    world.contact = `${world.contact}-new`
    const fresh = world.aDevice()
    world.server.hangUp('PUT /keys/auth-share', 'after')
    await expect(fresh.setUp(seed)).rejects.toMatchObject({ isOutage: true })
    expect(await expectReady(fresh)).toBe(1)
    expect(await expectReady(fresh)).toBe(1)
  })

  test('the old version is no longer in the history, and the new one waits on the device', async () => {
    world.server.hangUp('PUT /keys/auth-share', 'after')
    await world.custody.rotate(seed).catch(() => undefined)
    world.record()?.shares.delete(1)
    expect(await expectReady(world.custody)).toBe(2)
    expect(await expectReady(world.custody)).toBe(2)
  })

  test('the answer was lost, and the next try is refused: what the server took is not thrown away', async () => {
    world.contact = `${world.contact}-new`
    const fresh = world.aDevice()
    world.server.hangUp('PUT /keys/auth-share', 'after')
    await expect(fresh.setUp(seed)).rejects.toMatchObject({ isOutage: true })
    world.server.refuse('PUT /keys/auth-share', 429)
    await expect(fresh.setUp(seed)).rejects.toMatchObject({ status: 429 })
    expect(await expectReady(fresh)).toBe(1)
  })

  test('a refusal leaves the share that was', async () => {
    world.server.refuse('PUT /keys/auth-share', 409)
    await expect(world.custody.rotate(seed)).rejects.toMatchObject({ status: 409 })
    expect(await world.store.read(`${deviceShareId()}:pending`)).toBeUndefined()
    expect(await expectReady(world.custody)).toBe(1)
  })

  test('a device that another one overtook is refused, and both log in', async () => {
    const { phrase } = await world.custody.addRecovery(seed, { type: 'phrase' })
    const faster = world.aDevice()
    await faster.rotate((await faster.recover({ by: 'phrase', phrase })).seed)
    const { keys } = world.api
    const readAuthShare: typeof keys.readAuthShare = async (...call) => {
      const record = await keys.readAuthShare(...call)
      await faster.rotate(seed)
      return record
    }
    const slower = world.open({ api: { ...world.api, keys: { ...keys, readAuthShare } } })
    await expect(slower.rotate(seed)).rejects.toMatchObject({ status: 409 })
    expect(await expectReady(world.custody)).toBe(2)
    expect(await expectReady(faster)).toBe(4)
  })
})

describe('a server that lies gets no wallet opened', () => {
  beforeEach(() => world.custody.setUp(seed))
  const attacker = seedOf(0xbb)

  test('with a share of another seed', async () => {
    const { auth } = await splitSeed(attacker)
    world.record()?.shares.set(1, { encryptedData: shareToHex(auth), encryptedDek: '', iv: '' })
    expect((await world.custody.logIn()).outcome).toBe('recovery-needed')
    const waiting = await world.store.read(deviceShareId())
    await expect(
      world.custody.adopt({ share: waiting?.share ?? seed, shareVersion: 1, approverDid: did }),
    ).rejects.toMatchObject({ fault: 'wrong-seed' })
  })

  test('with another DID, which this device does not take for its own', async () => {
    Object.assign(world.record() ?? {}, { did: didOf(attacker) })
    await expect(world.custody.logIn()).rejects.toMatchObject({ fault: 'other-did' })
  })

  test('with no DID at all, to a device that remembers none', async () => {
    await world.store.write(deviceShareId(), { share: (await splitSeed(seed)).device })
    Object.assign(world.record() ?? {}, { did: null })
    await expect(world.custody.logIn()).rejects.toMatchObject({ fault: 'no-did' })
  })

  test('with something that is no share', async () => {
    world.record()?.shares.set(1, { encryptedData: 'server-v1', encryptedDek: '', iv: '' })
    expect((await world.custody.logIn()).outcome).toBe('recovery-needed')
  })
})
