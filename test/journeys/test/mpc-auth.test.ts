import { randomBytes } from 'node:crypto'
import {
  type DuoError,
  duoCodes,
  enrolDevice,
  newDeviceKey,
  openKeyshare,
  proveDevice,
  sealKeyshare,
  Secret,
} from '@strongroom/device-auth-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuoOwner, type DuoWorld, mpcNodeOf, newKeyId, ownerOf, startDuoWorld } from '../src/duo-world.ts'
import { eventually } from '../src/eventually.ts'
import type { ToldEvent } from '../src/event-receiver.ts'

let duo: DuoWorld
beforeAll(async () => {
  duo = await startDuoWorld()
})
afterAll(async () => {
  await duo[Symbol.asyncDispose]()
})

const newShare = () => new Secret(Uint8Array.from(randomBytes(500)))

/** A user with a phone, a face that the phone signed for, and a key that an MPC node made with it. */
async function settle() {
  const ann = await ownerOf(duo)
  const { client, phone, scanFace } = ann
  const { userId, outcome } = await client.registerUser()
  expect(outcome).toBe('registered')
  expect(await enrolDevice(client, phone, { name: 'Ann’s phone' })).toEqual({ outcome: 'registered' })
  await client.registerFace(await scanFace(await client.faceSessionToken()), await proveDevice(client, phone))
  const keyId = newKeyId()
  expect(await mpcNodeOf(duo).generate(phone, keyId)).toEqual(['ok', 'ok'])
  return { ann, userId, keyId }
}

async function backUp({ client, backupKey }: DuoOwner, keyId: string, keyshare: Secret): Promise<void> {
  const sealed = await sealKeyshare(backupKey, { keyId, keyshare })
  expect(await client.backUp([{ keyId, sealed }])).toMatchObject({ success: true, keyshares: [{ keyId }] })
}

/** With the owner's face; what comes back opens with the key that no server has. */
async function recover({ client, scanFace, backupKey }: DuoOwner, keyId: string): Promise<Secret | undefined> {
  const { success, keyshares } = await client.recover([keyId], await scanFace(await client.faceSessionToken()))
  return success && keyshares[0] ? openKeyshare(backupKey, keyshares[0]) : undefined
}

const told = async (userId: string): Promise<ToldEvent[]> =>
  (await duo.receiver.events(`${duo.apis[1].baseUrl}/auth/events/keys`)).filter((event) => event.user_id === userId)

const until = async (userId: string, type: string): Promise<void> =>
  eventually(`the receiver is told ${type}`, async () => (await told(userId)).some((event) => event.type === type))

describe('a wallet whose phone is lost', () => {
  test('lives on with a new phone and the face: it recovers, signs, and shuts the lost phone out; the receiver is told', async () => {
    const { ann, userId, keyId } = await settle()
    const [client, lost, keyshare] = [ann.client, ann.phone, newShare()]
    expect(await mpcNodeOf(duo).sign(lost, keyId)).toBe('ok')
    await backUp(ann, keyId, keyshare)

    // A new phone is nobody's without the face, nor with another's.
    const phone = await newDeviceKey()
    await expect(enrolDevice(client, phone)).rejects.toMatchObject({ code: duoCodes.faceVerificationRequired })
    const byStranger = enrolDevice(client, phone, { scanFace: (session) => ann.scanFace(session, 'a stranger') })
    await expect(byStranger).rejects.toMatchObject({ code: duoCodes.faceDiffers })
    expect(await enrolDevice(client, phone, { scanFace: ann.scanFace })).toEqual({ outcome: 'registered' })
    expect((await recover(ann, keyId))?.equals(keyshare)).toBe(true)

    // Another process knows all of it at once.
    expect(await mpcNodeOf(duo, 1).sign(phone, keyId)).toBe('ok')
    await client.revokeDevice(lost.deviceVerifyingKey)
    expect(await mpcNodeOf(duo, 1).sign(lost, keyId)).toBe('reject')
    expect(await mpcNodeOf(duo).sign(lost, keyId)).toBe('reject')
    expect(await mpcNodeOf(duo).sign(phone, keyId)).toBe('ok')
    await expect(enrolDevice(client, lost, { scanFace: ann.scanFace })).rejects.toMatchObject({
      code: duoCodes.deviceOfAnotherUser,
    })

    const devices = await client.listDevices()
    expect(devices.map(({ isActive, deviceName }) => [isActive, deviceName])).toEqual([
      [true, null],
      [false, 'Ann’s phone'],
    ])
    const statuses: string[] = []
    for await (const { status } of client.listTransactions({ type: 'sign' })) statuses.push(status)
    expect(statuses).toEqual(['approved', 'rejected', 'rejected', 'approved', 'approved'])

    await until(userId, 'device.revoked')
    const types = [
      'user.registered',
      'device.registered',
      'face.registered',
      'key.created',
      'keyshare.saved',
      'device.registered',
      'keyshare.recovered',
      'device.revoked',
    ]
    await eventually('the receiver is told everything', async () => (await told(userId)).length >= types.length)
    const events = await told(userId)
    // A receiver may be told out of order, and twice: it knows an event by its id.
    const distinct = new Map(events.map((event) => [event.id, event]))
    expect([...distinct.values()].map(({ type }) => type).toSorted()).toEqual(types.toSorted())
    expect(events.find(({ type }) => type === 'device.revoked')).toMatchObject({ device: lost.deviceVerifyingKey })
    expect(events.find(({ type }) => type === 'keyshare.recovered')).toMatchObject({ key: keyId, version: 1 })
  })

  test('gives nothing to whoever has the login alone: five faces, and no share', async () => {
    const { ann, keyId } = await settle()
    await backUp(ann, keyId, newShare())
    const { client, scanFace } = ann
    const tryFace = async () => {
      const refused = client.recover([keyId], await scanFace(await client.faceSessionToken(), 'a thief'))
      return refused.then(
        () => undefined,
        (error: unknown) => (error as DuoError).code,
      )
    }
    const codes = []
    for (let attempt = 0; attempt < 6; attempt++) codes.push(await tryFace())
    const { faceDiffers, tooManyFaces } = duoCodes
    expect(codes).toEqual([...Array<number>(5).fill(faceDiffers), tooManyFaces])
  })
})

describe('a backup that was replaced by a bad one', () => {
  test('is restored by the operator, and recovered by its owner as it was', async () => {
    const { ann, keyId, userId } = await settle()
    const [good, bad] = [newShare(), newShare()]
    await backUp(ann, keyId, good)
    await backUp(ann, keyId, bad)
    expect((await recover(ann, keyId))?.equals(bad)).toBe(true)
    expect(await duo.world.app.run('restore-backup', keyId)).toMatchObject({ code: 0 })
    expect((await recover(ann, keyId))?.equals(good)).toBe(true)
    const [{ count } = { count: 0 }] = await duo.world.app.sql(`
      select count(*)::int as count from audit.events where event = 'mpc.backup-restored' and subject = '${userId}'`)
    expect(count).toBe(1)
  })
})

test('whoever the operator disabled is answered by nobody, and is back when they are enabled', async () => {
  const { ann, keyId, userId } = await settle()
  expect(await duo.world.app.run('disable-user', userId)).toMatchObject({ code: 0 })
  await expect(ann.client.listKeys()).rejects.toMatchObject({ status: 403, code: 100202 })
  expect(await mpcNodeOf(duo, 1).sign(ann.phone, keyId)).toBe('reject')
  expect(await duo.world.app.run('enable-user', userId)).toMatchObject({ code: 0 })
  expect(await ann.client.listKeys()).toMatchObject([{ keyId }])
  expect(await mpcNodeOf(duo).sign(ann.phone, keyId)).toBe('ok')
})

test('a worker that is away tells later what happened meanwhile', async () => {
  const ended = new Promise((gone) => duo.worker.child.once('exit', gone))
  duo.worker.child.kill('SIGKILL')
  await ended
  const ann = await ownerOf(duo, 1)
  const { userId } = await ann.client.registerUser()
  expect(await told(userId)).toEqual([])
  await duo.world.app.spawn({}, '--role=worker')
  await until(userId, 'user.registered')
})
