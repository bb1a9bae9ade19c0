import { Secret } from '@strongroom/crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { passkeys } from '../../test/passkeys.ts'
import { backupText } from '../backup-file.ts'
import { custodyWorld, did, expectReady, expectWallet, seed } from '../../test/custody-world.ts'

const world = custodyWorld()

describe('what the user keeps brings the seed back on another device', () => {
  beforeEach(() => world.custody.setUp(seed))

  test('a phrase', async () => {
    world.server.seen.length = 0
    const { phrase, shareVersion } = await world.custody.addRecovery(seed, { type: 'phrase' })
    expect(shareVersion).toBe(2)
    expect(world.server.calls()).toEqual(['POST /keys/auth-share', 'PUT /keys/auth-share', 'POST /keys/recovery'])
    expect(world.server.seen.at(-1)?.body).toEqual({
      authToken: `token-${world.contact}`,
      providerType: 'firebase',
      type: 'phrase',
      shareVersion: 2,
    })
    world.server.seen.length = 0
    expectWallet(await world.aDevice().recover({ by: 'phrase', phrase }))
    expect(world.server.calls()).toEqual(['GET /keys/recovery', 'POST /keys/auth-share'])
    expect(world.server.seen.at(-1)?.body).toMatchObject({ shareVersion: 2 })
  })

  test('a backup file', async () => {
    const password = new Secret('a password')
    const { file, shareVersion } = await world.custody.addRecovery(seed, { type: 'backup', password })
    expect(file).toMatchObject({ primaryDid: did, shareVersion })
    const read = JSON.parse(new TextDecoder().decode(backupText(file))) as unknown
    expectWallet(await world.aDevice().recover({ by: 'backup', file: read, password }))
  })

  test('a passkey', async () => {
    const credentials = passkeys({ evaluates: 'get' })
    const owner = { rpId: 'wallet.example', rpName: 'Wallet', userName: 'ann' }
    const { credentialId } = await world.custody.addRecovery(seed, { type: 'passkey', owner, credentials })
    expectWallet(await world.aDevice().recover({ by: 'passkey', credentialId, rpId: owner.rpId, credentials }))
    const stranger = world.aDevice().recover({ by: 'passkey', credentialId: 'AAAA', rpId: owner.rpId, credentials })
    await expect(stranger).rejects.toMatchObject({ fault: 'version-gone' })
  })

  test('a share that was mailed', async () => {
    await world.custody.addRecovery(seed, { type: 'email' })
    const mail = world.server.records.mails.at(-1)
    expect(mail).toMatchObject({ useRecoveryEmail: true, emailShare: expect.stringMatching(/^0002[0-9a-f]{66}$/) })
    expectWallet(await world.aDevice().recover({ by: 'email', emailShare: new Secret(String(mail?.['emailShare'])) }))
  })

  test('after five more rotations still, and after a sixth it is told apart from a wrong one', async () => {
    const { phrase } = await world.custody.addRecovery(seed, { type: 'phrase' })
    for (let i = 0; i < 5; i++) await world.custody.rotate(seed)
    expectWallet(await world.aDevice().recover({ by: 'phrase', phrase }))
    await world.custody.rotate(seed)
    await expect(world.aDevice().recover({ by: 'phrase', phrase })).rejects.toMatchObject({ fault: 'version-gone' })
  })

  test('a device that recovered has a share of its own when it has rotated', async () => {
    const { phrase } = await world.custody.addRecovery(seed, { type: 'phrase' })
    const fresh = world.aDevice()
    const wallet = await fresh.recover({ by: 'phrase', phrase })
    expect((await fresh.logIn()).outcome).toBe('recovery-needed')
    expect(await fresh.rotate(wallet.seed)).toBe(3)
    expect(await expectReady(fresh)).toBe(3)
    expect(await expectReady(world.custody)).toBe(2)
  })

  test('somebody who closes the passkey dialogue has changed nothing', async () => {
    const credentials = { create: () => Promise.resolve(null), get: () => Promise.resolve(null) }
    const owner = { rpId: 'wallet.example', rpName: 'Wallet', userName: 'ann' }
    const attempt = world.custody.addRecovery(seed, { type: 'passkey', owner, credentials })
    await expect(attempt).rejects.toMatchObject({ fault: 'dismissed' })
    expect(world.record()?.version).toBe(1)
  })
})
