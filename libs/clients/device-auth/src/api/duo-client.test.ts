import { Secret } from '@strongroom/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { face, routes } from '../../test/routes.ts'
import { type ServedAuthService, serveAuthService } from '../../test/serve-auth-service.ts'
import { newBackupKey, openKeyshare, sealKeyshare } from '../keyshare.ts'
import { type DuoClient, duoClient } from './duo-client.ts'
import { DuoError } from './error.ts'

let served: ServedAuthService
let client: DuoClient
beforeEach(async () => {
  served = await serveAuthService()
  client = duoClient({ baseUrl: `${served.url}/`, accessToken: () => Promise.resolve('token') })
})
afterEach(() => served[Symbol.asyncDispose]())

const at = '2025-01-15T10:30:00Z'
const collect = async <Item>(items: AsyncIterable<Item>) => {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

test.each(routes)('%s is sent as the contract has it', async (call, ask, body) => {
  const refused = await ask(client).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(refused === undefined || refused instanceof DuoError).toBe(true)
  const [sent] = served.seen
  expect([sent?.call, sent?.body]).toEqual([call, body])
  expect(sent?.headers.authorization).toBe('Bearer token')
  expect(sent?.headers['content-type']).toBe(body && 'application/json')
})

test('a user is registered once, and told so after that', async () => {
  const first = await client.registerUser()
  expect(first).toMatchObject({ outcome: 'registered', userId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
  expect(await client.registerUser()).toEqual({ ...first, outcome: 'already-registered' })
})

test('keys, devices and faces have names as TypeScript has them', async () => {
  served.service.shares.set('key-1', 'AQID')
  served.service.devices.set('04ab', null)
  expect(await client.listKeys()).toEqual([
    { keyId: 'key-1', createdAt: at, backup: { createdAt: at } },
    { keyId: 'key-2', createdAt: at },
  ])
  expect(await client.listDevices()).toEqual([
    { deviceVerifyingKey: '04ab', deviceName: null, isActive: true, createdAt: at },
  ])
  expect(await client.getFace()).toEqual({ registered: false, registeredAt: null })
  served.service.face = 'ann'
  expect(await client.getFace()).toEqual({ registered: true, registeredAt: at })
})

test('a device that is revoked is gone; a server may say so without a word', async () => {
  served.service.devices.set('04ab', null)
  await client.revokeDevice('04ab')
  expect(await client.listDevices()).toEqual([])
  await expect(client.revokeDevice('04ab')).rejects.toMatchObject({ status: 404, code: 100402 })
  served.answerNext({ status: 204 })
  await client.revokeDevice('04ab')
})

describe('key shares', () => {
  beforeEach(() => {
    served.service.face = face.faceScan
  })

  test('come back as they were backed up', async () => {
    const backupKey = newBackupKey()
    const keyshare = new Secret('a share')
    const sealed = await sealKeyshare(backupKey, { keyId: 'key-1', keyshare })
    expect(await client.backUp([{ keyId: 'key-1', sealed }])).toEqual({
      success: true,
      keyshares: [{ keyId: 'key-1', createdAt: at }],
    })
    const recovered = await client.recover(['key-1'], face)
    expect(recovered).toEqual({ success: true, keyshares: [{ keyId: 'key-1', sealed }] })
    const [first] = recovered.success ? recovered.keyshares : []
    expect(first && (await openKeyshare(backupKey, first))?.equals(keyshare)).toBe(true)
  })

  test('fail one by one: 207 is an answer that names each', async () => {
    const sealed = Uint8Array.of(1, 2, 3)
    const backups = ['key-1', 'of another'].map((keyId) => ({ keyId, sealed }))
    expect(await client.backUp(backups)).toEqual({
      success: false,
      keyshares: [
        { keyId: 'key-1', createdAt: at },
        { keyId: 'of another', error: { code: 100601, message: 'refused' } },
      ],
    })
    expect(await client.recover(['key-2', 'key-1'], face)).toEqual({
      success: false,
      keyshares: [
        { keyId: 'key-2', error: { code: 100301, message: 'refused' } },
        { keyId: 'key-1', sealed },
      ],
    })
  })

  test('are a refusal where there is not one, and where the face is another', async () => {
    await expect(client.recover(['key-1'], face)).rejects.toMatchObject({ status: 404, code: 100301 })
    const other = { ...face, faceScan: 'of another' }
    await expect(client.recover(['key-1'], other)).rejects.toMatchObject({ status: 403, code: 100706 })
  })

  test('that are said to be saved, and are not, are not', async () => {
    const items = [{ key_id: 'key-1', error: { code: 100601, message: 'Key not found' } }]
    served.answerNext({ status: 200, body: { success: true, keyshares: items } })
    expect(await client.backUp([{ keyId: 'key-1', sealed: Uint8Array.of(1) }])).toMatchObject({ success: false })
  })

  test.each([{ encrypted_keyshare: 'A' }, { encrypted_keyshare: 7 }, {}])('that are %j are no answer', async (item) => {
    served.answerNext({ status: 200, body: { keyshares: [{ key_id: 'key-1', ...item }] } })
    await expect(client.recover(['key-1'], face)).rejects.toMatchObject({ name: 'DuoError', status: 0 })
  })
})

describe('transactions', () => {
  test('are read page by page, as far as they are wanted', async () => {
    const first = await client.listTransactions({ limit: 2, keyId: 'a b' }).next()
    expect(first.value).toMatchObject({ transactionId: expect.stringMatching(/0$/) as string, signAlg: 'ecdsa' })
    expect(served.seen.map(({ query }) => query)).toEqual([{ limit: '2', key_id: 'a b' }])
    const all = await collect(client.listTransactions({ limit: 2 }))
    expect(all.map(({ transactionId }) => transactionId.at(-1))).toEqual(['0', '1', '2', '3', '4'])
    expect(served.seen.slice(1).map(({ query }) => query['cursor'])).toEqual([undefined, '2', '4'])
  })

  test('of a server that leads in a circle have an end', async () => {
    const circle = collect(client.listTransactions({ limit: 0 }))
    await expect(circle).rejects.toMatchObject({ status: 0, message: 'the server answered something else' })
  })
})
