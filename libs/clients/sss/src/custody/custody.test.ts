import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { deviceShareId } from '../device-store.ts'
import { didOf } from '../did.ts'
import { scanNewDevice } from '../qr/approver.ts'
import { startQrLogin } from '../qr/new-device.ts'
import { shareToHex, splitSeed } from '../shares.ts'
import { custodyWorld, did, expectReady, expectWallet, seed, seedOf } from '../../test/custody-world.ts'

const world = custodyWorld()

test('set up, log in: the server has one share, the device another, neither has the seed', async () => {
  expect((await world.custody.logIn()).outcome).toBe('no-account')
  expect(await world.custody.setUp(seed)).toEqual({ shareVersion: 1, emailBackup: 'off' })
  expect(await expectReady(world.custody)).toBe(1)
  expect(world.server.calls()).toEqual(['POST /keys/auth-share', 'PUT /keys/auth-share', 'POST /keys/auth-share'])
  const text = JSON.stringify(world.server.seen.map(({ body, url }) => [body, url]))
  const kept = await world.store.read(deviceShareId())
  expect(text).not.toContain(shareToHex(kept?.share ?? seed))
  expect(text).not.toContain('aa'.repeat(32))
})

test('users of one device do not see each other', async () => {
  const [ann, ben] = [world.open({ user: 'ann' }), world.open({ user: 'ben' })]
  await ann.setUp(seed)
  await expectReady(ann)
  expect((await ben.logIn()).outcome).toBe('recovery-needed')
})

test('set-up and migration have the e-mail share sent, and a mail that fails undoes nothing', async () => {
  const mailing = world.open({ emailBackup: { email: 'a@example.com' } })
  expect(await mailing.setUp(seed)).toEqual({ shareVersion: 1, emailBackup: 'sent' })
  world.server.refuse('POST /keys/email-backup', 502)
  expect(await mailing.migrate(seed)).toEqual({ shareVersion: 2, emailBackup: 'failed' })
  expect(world.server.calls()).toEqual([
    'PUT /keys/auth-share',
    'POST /keys/email-backup',
    'PUT /keys/auth-share',
    'POST /keys/migrate',
    'POST /keys/email-backup',
  ])
})

test('a share that the published client stored, without version and DID, still logs in', async () => {
  await world.custody.setUp(seed)
  const kept = await world.store.read(deviceShareId())
  if (!kept) throw new Error('no share')
  await world.store.write(deviceShareId(), { share: kept.share })
  expect(await expectReady(world.custody)).toBe(1)
})

test('a device that was approved by QR logs in from then on', async () => {
  await world.custody.setUp(seed)
  const fresh = world.aDevice()
  const request = await startQrLogin(world.api)
  const scanned = await scanNewDevice(world.api, request.qrContent)
  const mine = await world.store.read(deviceShareId())
  if (!mine) throw new Error('no share')
  await scanned.approve({ share: mine.share, shareVersion: 1, did, login: await world.login() })
  expectWallet(await fresh.adopt(await request.wait({ interval: 0.02 })))
  expect(await expectReady(fresh)).toBe(1)
})

test('a transfer for another account is not adopted', async () => {
  await world.custody.setUp(seed)
  const fresh = world.aDevice()
  const { device } = await splitSeed(seedOf(0xbb))
  const pushed = { share: device, shareVersion: 1, approverDid: didOf(seedOf(0xbb)) }
  await expect(fresh.adopt(pushed)).rejects.toMatchObject({ fault: 'other-did' })
  await expect(fresh.adopt({ ...pushed, approverDid: undefined })).rejects.toMatchObject({ fault: 'wrong-seed' })
  expect((await fresh.logIn()).outcome).toBe('recovery-needed')
})

test('with DID_AUTH=challenge every write carries a fresh challenge', async () => {
  world.server.records.strict = true
  await expect(world.custody.setUp(seed)).rejects.toMatchObject({ status: 401 })
  const careful = world.open({ didAuth: 'challenge', audience: 'https://keys.example.com' })
  await careful.setUp(seed)
  await careful.addRecovery(seed, { type: 'phrase' })
  await careful.deleteKeys(seed)
  expect((await careful.logIn()).outcome).not.toBe('ready')
  const tokens = world.server.seen.flatMap(({ headers, call }) =>
    call.startsWith('GET') ? [] : (headers.authorization ?? []),
  )
  expect(new Set(tokens).size).toBe(tokens.length)
})

test('restoring and starting over demand a challenge whatever the setting', async () => {
  await world.custody.setUp(seed)
  world.server.seen.length = 0
  expect(await world.custody.restore(seed)).toBe(1)
  expect(await world.custody.startOver(seedOf(0xbb))).toBe('2026-01-08T00:00:00.000Z')
  await world.custody.cancelStartOver(seed)
  expect(world.server.calls().filter((call) => call !== 'GET /challenges')).toEqual([
    'POST /keys/restore',
    'POST /keys/start-over',
    'DELETE /keys/start-over',
  ])
})

test('a world.contact is upgraded, and the new login token comes back', async () => {
  const change = { previousPhone: '+15550100000', email: 'a@example.com', code: new Secret('123456') }
  expect(await world.custody.upgrade(change)).toBe('custom')
})

test('a device that was forgotten has nothing, and the server keeps its share', async () => {
  await world.custody.setUp(seed)
  const before = JSON.stringify([...(world.record()?.shares ?? [])])
  await world.custody.forgetDevice()
  expect((await world.custody.logIn()).outcome).toBe('recovery-needed')
  expect(JSON.stringify([...(world.record()?.shares ?? [])])).toBe(before)
})
