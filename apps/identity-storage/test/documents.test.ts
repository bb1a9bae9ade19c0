import { forgeries, type ObjectStore, postForm } from '@strongroom/object-store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newUser } from './callers.ts'
import { type Answered, clientOf, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import type { Owner } from './owners.ts'
import { asking, document, owned, resourceIn } from './resources.ts'
import { bringFile, formIn, settingsOf, startStore } from './stores.ts'

const openTypes = [
  'asset_logo',
  'fund_logo',
  'fund_document',
  'nav_report',
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'token_terms',
  'token_metrics',
  'general_public',
  'asset_photo',
]
const privateTypes = ['kyc_id_document', 'kyc_poa', 'kyc_selfie', 'general_private']
const MEBIBYTE = 1_048_576
let store: ObjectStore
let world: World
let ann: Owner
let bob: Owner
beforeAll(async () => {
  store = await startStore()
  world = await startIdentityStorage({ settings: { ...settingsOf(store), DOCUMENT_MEBIBYTES: '1' } })
  ann = await newUser(world)
  bob = await newUser(world)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await store.close()
})

const at = ({ accountId }: Owner, key = '') => `/accounts/${accountId}/documents${key && `/${key}`}`
const form = (type = 'kyc_poa', contentType?: string) =>
  world.ask(asking(['POST', at(ann)], document(type, {}, contentType), ann.signer))
const read = (path: string, by?: Owner['signer']) => world.ask(asking(['GET', path], undefined, by))
const urlIn = (answer: Answered): string => String(resourceIn(answer).attributes['url'])

describe.each([...openTypes, ...privateTypes])('%s', (type) => {
  test('POST /accounts/{address}/documents, the store, and GET …/{document} give back the file, to its owner', async () => {
    const policy = await form(type)
    const { fields, url } = formIn(policy)
    expect([policy.status, resourceIn(policy).type, url.startsWith(store.url)]).toEqual([200, 'upload_policy', true])
    expect((await bringFile(policy)).status).toBe(204)
    const { key = '' } = fields
    for (const path of [at(ann, key), `/documents/${key}`]) {
      const file = await fetch(urlIn(await read(path, ann.signer)))
      expect([file.status, file.headers.get('content-type'), await file.text()]).toEqual([
        200,
        'image/png',
        'x'.repeat(100),
      ])
      for (const by of [undefined, bob.signer]) expect(told(await read(path, by))).toEqual(refused(401))
    }
    expect((await fetch(`${url}/${key}`)).status).toBe(privateTypes.includes(type) ? 403 : 200)
    expect(told(await read(at(bob, key), bob.signer))).toEqual(refused(404))
  })
})

test('POST /documents is the same for the owner that is named, and GET /documents/{document} reads it', async () => {
  const policy = await world.ask(
    asking(['POST', '/documents'], document('kyc_selfie', owned(ann.accountId)), ann.signer),
  )
  await bringFile(policy)
  const { id } = resourceIn(policy)
  for (const by of [ann.signer, world.admin])
    expect((await fetch(urlIn(await read(`/documents/${id}`, by)))).status).toBe(200)
  expect(told(await read(`/documents/${id}`, bob.signer))).toEqual(refused(401))
  const theirs = document('kyc_selfie', owned(ann.accountId))
  expect(told(await world.ask(asking(['POST', '/documents'], theirs, bob.signer)))).toEqual(refused(401))
})

test('a key tells of nobody: neither account nor type nor time', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, async () => resourceIn(await form()).id))
  expect(keys.filter((key) => !/^prv[a-z2-7]{53}$/.test(key))).toEqual([])
  expect(new Set(keys.map((key) => key.slice(3, 9))).size).toBe(20)
})

test.each(forgeries)('the store takes no form with $name', async ({ of, status, code }) => {
  const policy = await form()
  expect(await postForm(of(formIn(policy), MEBIBYTE))).toEqual({ status, code })
  const key = resourceIn(policy).id
  expect((await fetch(urlIn(await read(at(ann, key), ann.signer)))).status).toBe(404)
})

test('a form ends after an hour, and so does an address', async () => {
  const policy = await form()
  const { fields } = formIn(policy)
  const { expiration } = JSON.parse(Buffer.from(fields['policy'] ?? '', 'base64').toString()) as { expiration: string }
  const minutes = (Date.parse(expiration) - Date.now()) / 60_000
  expect([minutes > 58, minutes <= 60]).toEqual([true, true])
  expect(urlIn(await read(at(ann, fields['key']), ann.signer))).toContain('X-Amz-Expires=3600')
})

test('of an address nothing may be changed: no other key, no longer time, no other type', async () => {
  const [policy, other] = [await form(), await form()]
  await bringFile(policy)
  await bringFile(other)
  const key = resourceIn(policy).id
  const url = urlIn(await read(at(ann, key), ann.signer))
  for (const changed of [
    url.replace(key, resourceIn(other).id),
    url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=604800'),
    url.replace('image%2Fpng', 'text%2Fhtml'),
    url.replace(/X-Amz-Signature=\w{8}/, 'X-Amz-Signature=00000000'),
  ]) {
    expect(changed).not.toBe(url)
    expect((await fetch(changed)).status).toBe(403)
  }
  expect((await fetch(url)).status).toBe(200)
})

test('what a browser would run is no document', async () => {
  for (const contentType of ['text/html', 'image/svg+xml', 'application/javascript'])
    expect(told(await form('general_public', contentType))).toEqual(
      wrong('/data/attributes/content_type', 'is not allowed for documents of this type'),
    )
})

test('where there is no store, that is an outage', async () => {
  const { baseUrl } = await world.app.spawn({ OBJECTS_URL: undefined })
  const answer = await clientOf(baseUrl)(asking(['POST', at(ann)], document('kyc_poa'), ann.signer))
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
})
