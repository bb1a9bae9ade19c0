import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Secret } from '@strongroom/crypto'
import { type ObjectStore as DevelopmentStore, startObjectStore } from '@strongroom/object-store'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { adapterFor } from '../../test/documents-world.ts'
import { storeKeepsToWhatWeSign } from '../../test/store-contract.ts'
import { noObjectStore, objectDoors, type ObjectStore, s3ObjectStore, type S3Options } from './index.ts'

let store: DevelopmentStore
let objects: ObjectStore
beforeAll(async () => {
  store = await startObjectStore()
  objects = adapterFor(store)
})
afterAll(() => store.close())

describe('the store of development', () => {
  storeKeepsToWhatWeSign({
    async start() {
      const own = await startObjectStore()
      return { objects: adapterFor(own), [Symbol.asyncDispose]: () => own.close() }
    },
  })
})

const HOUR = 3600
const upload = { key: 'a-paper', contentType: 'image/png', largest: 1000, lifetime: HOUR }
const download = { key: 'a-paper', contentType: 'image/png', lifetime: HOUR }

test('fields have the names that published clients send: in lower case, and no other', async () => {
  expect(Object.keys((await objects.presignUpload(upload)).fields).toSorted()).toEqual([
    'bucket',
    'content-type',
    'key',
    'policy',
    'x-amz-algorithm',
    'x-amz-credential',
    'x-amz-date',
    'x-amz-signature',
  ])
})

test('signing asks nobody: neither the store, nor any address that the machine’s settings name', async () => {
  let asked = 0
  const trap = createServer((socket) => {
    asked++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(trap, 'listening')
  onTestFinished(() => void trap.close())
  const url = `http://127.0.0.1:${String((trap.address() as AddressInfo).port)}`
  const variables = {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_S3: url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    AWS_PROFILE: 'somebody-elses',
    AWS_REGION: 'eu-west-9',
    AWS_SESSION_TOKEN: 'somebody-elses',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    HTTPS_PROXY: url,
  }
  Object.assign(process.env, variables)
  onTestFinished(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })
  const own = adapterFor({ ...store, url })
  const { fields, url: target } = await own.presignUpload(upload)
  expect(target).toBe(`${url}/${store.access.bucket}`)
  expect(fields['x-amz-credential']).toMatch(/\/us-east-1\/s3\/aws4_request$/)
  expect(await own.presignDownload(download)).not.toMatch(/security-token/i)
  expect(asked).toBe(0)
})

const options = (): S3Options => ({
  ...store.access,
  endpoint: store.url,
  secretAccessKey: new Secret('a-secret-of-the-store'),
})

test('the store’s secret is in nothing that is signed', async () => {
  const own = s3ObjectStore(options())
  const said = JSON.stringify([await own.presignUpload(upload), await own.presignDownload(download)])
  const policy = (await own.presignUpload(upload)).fields.policy
  for (const text of [said, Buffer.from(policy, 'base64').toString('utf8')]) expect(text).not.toContain('a-secret')
})

test('a bucket may be part of the host', async () => {
  const own = s3ObjectStore({ ...options(), endpoint: 'https://s3.example.com', addressing: 'host' })
  expect((await own.presignUpload(upload)).url).toBe('https://documents.s3.example.com/')
  expect(await own.presignDownload(download)).toMatch(/^https:\/\/documents\.s3\.example\.com\/a-paper\?/)
})

test.each([
  'http://s3.example.com',
  'http://169.254.169.254',
  'http://10.0.0.1:9000',
  'http://localhost.example.com',
  'https://user:password@s3.example.com',
  'https://s3.example.com/path',
  'https://s3.example.com/?query',
  'file:///etc/passwd',
  'gopher://127.0.0.1',
  's3.example.com',
  '',
])('%j is no address of a store', (endpoint) => {
  expect(() => s3ObjectStore({ ...options(), endpoint })).toThrow('the object store’s URL is https')
})

test.each([
  ['bucket', 'Documents'],
  ['bucket', 'a/../b'],
  ['region', 'us east 1'],
  ['accessKeyId', 'a/b'],
])('a %s %j is refused without being repeated', (name, value) => {
  expect(() => s3ObjectStore({ ...options(), [name]: value })).toThrow(/^(?!.*(Documents|\.\.|us east|a\/b))/)
})

test('plain http is a door that production keeps shut', () => {
  expect(objectDoors({ OBJECTS_URL: 'http://127.0.0.1:4030' })).toEqual([expect.stringContaining('OBJECTS_URL')])
  expect(objectDoors({ OBJECTS_URL: 'https://s3.example.com' })).toEqual([])
  expect(objectDoors({})).toEqual([])
})

test('where there is no store, that is an outage', async () => {
  const away = { name: 'ObjectStoreUnavailable', retryAfterSeconds: 300 }
  await expect(noObjectStore.presignUpload(upload)).rejects.toMatchObject(away)
  await expect(noObjectStore.presignDownload(download)).rejects.toMatchObject(away)
})
