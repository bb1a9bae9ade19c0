import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, test } from 'vitest'
import { type DeviceStore, deviceShareId, indexedDbStore, memoryStore } from './device-store.ts'
import { type DatabaseFactory, readAll, writeAll } from './indexed-db.ts'
import { shareFromHex, shareToHex } from './shares.ts'

const [hex, otherHex] = ['3e'.repeat(33), '4f'.repeat(33)]
const share = shareFromHex(hex)
const id = deviceShareId('ann')
const place = (factory: DatabaseFactory) => ({ factory, name: 'lcb-sss-keys', stores: ['keys', 'shares'] })
const base64 = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(new Uint8Array(bytes)).toString('base64')
const read = async (store: DeviceStore, key = id) => {
  const found = await store.read(key)
  return found && { ...found, share: shareToHex(found.share) }
}

describe.each([
  ['IndexedDB', () => indexedDbStore(new IDBFactory())],
  ['memory', memoryStore],
])('a store in %s', (_, open) => {
  test('gives back what it was given, by id, until it is removed', async () => {
    const store = open()
    expect(await store.read(id)).toBeUndefined()
    await store.write(id, { share, shareVersion: 4, did: 'did:key:z6Mk' })
    await store.write(deviceShareId('ben'), { share: shareFromHex(otherHex) })
    expect(await read(store)).toEqual({ share: hex, shareVersion: 4, did: 'did:key:z6Mk' })
    expect(await read(store, deviceShareId('ben'))).toEqual({ share: otherHex })
    await store.remove(id)
    expect(await store.read(id)).toBeUndefined()
    expect(await read(store, deviceShareId('ben'))).toEqual({ share: otherHex })
  })

  test('a share that replaces another leaves nothing of it', async () => {
    const store = open()
    await store.write(id, { share, shareVersion: 4, did: 'did:key:z6Mk' })
    await store.write(id, { share: shareFromHex(otherHex) })
    expect(await read(store)).toEqual({ share: otherHex })
  })
})

test('a share that the published client stored is found, its version beside it', async () => {
  const factory = new IDBFactory()
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const additionalData = Buffer.from(id)
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, Buffer.from(hex))
  await writeAll(place(factory), 'keys', { 'master-key': key })
  await writeAll(place(factory), 'shares', {
    [id]: { version: 1, iv: base64(iv), cipher: base64(cipher), keyVersion: 1 },
    [`${id}:version`]: 7,
  })
  expect(await read(indexedDbStore(factory))).toEqual({ share: hex, shareVersion: 7 })
})

test('the database holds no share, and a key that cannot be read out', async () => {
  const factory = new IDBFactory()
  await indexedDbStore(factory).write(id, { share })
  const [key] = await readAll(place(factory), 'keys', ['master-key'])
  expect((key as CryptoKey).extractable).toBe(false)
  await expect(crypto.subtle.exportKey('raw', key as CryptoKey)).rejects.toThrow(/extractable/)
  const [sealed] = await readAll(place(factory), 'shares', [id])
  expect(JSON.stringify(sealed)).not.toContain(hex)
})

test('a row that is copied to another id, or changed, opens for nobody', async () => {
  const factory = new IDBFactory()
  const store = indexedDbStore(factory)
  await store.write(id, { share })
  const [sealed] = await readAll(place(factory), 'shares', [id])
  const ben = deviceShareId('ben')
  await writeAll(place(factory), 'shares', { [ben]: sealed, [id]: { ...(sealed as object), iv: 'AAAAAAAAAAAAAAAA' } })
  expect(await store.read(ben)).toBeUndefined()
  expect(await store.read(id)).toBeUndefined()
})

test('two tabs that start at once end with one master key', async () => {
  const factory = new IDBFactory()
  const ids = ['a', 'b', 'c', 'd'].map(deviceShareId)
  await Promise.all(ids.map((one) => indexedDbStore(factory).write(one, { share })))
  for (const one of ids) expect(await read(indexedDbStore(factory), one)).toEqual({ share: hex })
})

test('without IndexedDB it says what to do', () => {
  expect(() => indexedDbStore()).toThrow('give custody a store of your own')
})
