import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { verifiesByOpenSsl } from '../test/fake-auth-service.ts'
import { openDeviceKeys } from './device-keys.ts'
import type { PlatformKeyPair } from './device-key.ts'
import { type DatabaseFactory, withObjects } from './indexed-db.ts'

const message = Uint8Array.of(1, 2, 3)

const kept = (databases: DatabaseFactory, name: string) =>
  withObjects(databases, 'readonly', (keys) => {
    const request = keys.get(name)
    return () => request.result as PlatformKeyPair
  })

test('a key that was made once is found again, by its name, and signs', async () => {
  const databases = new IDBFactory()
  expect(await openDeviceKeys(databases).find('ann')).toBeUndefined()
  const made = await openDeviceKeys(databases).findOrMake('ann')
  const found = await openDeviceKeys(databases).find('ann')
  expect(found?.deviceVerifyingKey).toBe(made.deviceVerifyingKey)
  expect((await openDeviceKeys(databases).findOrMake('ann')).deviceVerifyingKey).toBe(made.deviceVerifyingKey)
  const signature = (await found?.sign(message)) ?? new Uint8Array()
  expect(verifiesByOpenSsl({ message, signature, key: made.deviceVerifyingKey })).toBe(true)
})

test('another user of the device has another key', async () => {
  const keys = openDeviceKeys(new IDBFactory())
  const [ann, ben] = [await keys.findOrMake('ann'), await keys.findOrMake('ben')]
  expect(ann.deviceVerifyingKey).not.toBe(ben.deviceVerifyingKey)
})

test('the database has nothing from which a private key can be read', async () => {
  const databases = new IDBFactory()
  await openDeviceKeys(databases).findOrMake('ann')
  const { privateKey } = await kept(databases, 'ann')
  expect([privateKey.type, privateKey.extractable]).toEqual(['private', false])
  for (const format of ['pkcs8', 'jwk', 'raw'] as const)
    await expect(crypto.subtle.exportKey(format as 'pkcs8', privateKey)).rejects.toThrow(
      /extractable|not supported|Unable to export/,
    )
})

test('tabs that ask at once get one key', async () => {
  const databases = new IDBFactory()
  const asked = await Promise.all(Array.from({ length: 5 }, () => openDeviceKeys(databases).findOrMake('ann')))
  expect(new Set(asked.map((key) => key.deviceVerifyingKey)).size).toBe(1)
  // Each signs with the key that was kept, not with the one it made.
  for (const key of asked)
    expect(
      verifiesByOpenSsl({ message, signature: await key.sign(message), key: asked[0]?.deviceVerifyingKey ?? '' }),
    ).toBe(true)
})

test('a key that is removed is gone, and no other', async () => {
  const keys = openDeviceKeys(new IDBFactory())
  const [ann, ben] = [await keys.findOrMake('ann'), await keys.findOrMake('ben')]
  await keys.remove('ann')
  expect(await keys.find('ann')).toBeUndefined()
  expect((await keys.find('ben'))?.deviceVerifyingKey).toBe(ben.deviceVerifyingKey)
  expect((await keys.findOrMake('ann')).deviceVerifyingKey).not.toBe(ann.deviceVerifyingKey)
})

test('what is kept and is no key is not replaced: it is an error', async () => {
  const databases = new IDBFactory()
  const keys = openDeviceKeys(databases)
  await keys.findOrMake('ann')
  await withObjects(databases, 'readwrite', (objects) => {
    objects.put('something', 'ann')
    return () => undefined
  })
  await expect(keys.findOrMake('ann')).rejects.toThrow('no device key')
  expect(await kept(databases, 'ann')).toBe('something')
})

test('a database that fails is an error that says so', async () => {
  const databases = new IDBFactory()
  const newer = databases.open('strongroom-device-keys', 2)
  await new Promise((resolve) => {
    newer.addEventListener('success', resolve)
  })
  newer.result.close()
  await expect(openDeviceKeys(databases).find('ann')).rejects.toThrow('the key store of this browser failed')
})

test('where there is no IndexedDB it says what to do', () => {
  expect(() => openDeviceKeys()).toThrow('bring a DeviceKey of your own')
})
