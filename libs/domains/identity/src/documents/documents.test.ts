import { shiftClock } from '@strongroom/storage'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bringFile, type DocumentAccount, keyIn, newAccount, urlIn, type Who } from '../../test/document-account.ts'
import { type DocumentsWorld, documentsWorld, formIn } from '../../test/documents-world.ts'
import { documentTypes, type DocumentType, documentTypeNames, isPrivateDocument } from './document-types.ts'
import type { DocumentPolicies } from './policies.ts'

let world: DocumentsWorld
beforeAll(async () => {
  world = await documentsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
afterEach(() => world.mend())

let ann: DocumentAccount
beforeEach(() => {
  ann = newAccount(world)
})

const change = (documents: Partial<DocumentPolicies['documents']>) => {
  world.changed.policies = { documents: { ...world.changed.policies.documents, ...documents } }
}

test.each(documentTypeNames)('a %s gets into the store, and its owner gets it out again', async (type) => {
  const policy = await ann.uploadFor('owner', { type })
  expect(policy).toMatchObject({ status: 200, body: { data: { type: 'upload_policy', id: keyIn(policy) } } })
  expect(keyIn(policy)).toMatch(isPrivateDocument(type) ? /^prv[a-z2-7]{53}$/ : /^pub[a-z2-7]{53}$/)
  expect(await bringFile(policy)).toMatchObject({ status: 204 })
  for (const address of [await ann.read('owner', keyIn(policy)), await ann.readOf('owner', keyIn(policy))]) {
    expect(address).toMatchObject({ status: 200, body: { data: { type: 'document_url' } } })
    const file = await fetch(urlIn(address))
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await file.text()).toBe('x'.repeat(100))
  }
})

test.each([
  ['kyc_poa', 403],
  ['asset_logo', 200],
] as const)('without a signed address, as published clients ask the store, a %s answers %i', async (type, status) => {
  const policy = await ann.upload('owner', { type, owner: ann.id })
  await bringFile(policy)
  expect((await fetch(`${formIn(policy).url}/${keyIn(policy)}`)).status).toBe(status)
})

test('sixteen types, of which four are private', () => {
  expect(documentTypeNames).toHaveLength(16)
  const arePrivate = documentTypeNames.filter((type) => documentTypes[type] === 'private')
  expect(arePrivate).toEqual(['kyc_id_document', 'kyc_poa', 'kyc_selfie', 'general_private'])
})

test('keys say of a document no more than whether it is private, and no two are alike', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, async () => keyIn(await ann.uploadFor('owner'))))
  expect(new Set(keys.map((key) => key.slice(3, 12))).size).toBe(20)
})

describe('a content type', () => {
  const field = '/data/attributes/content_type'
  const refused = { status: 400, body: { errors: [{ title: 'Bad Request', status: '400', meta: { field } }] } }

  test.each(['application/pdf', 'image/jpeg', 'image/png', 'image/gif', 'image/tiff', 'Image/PNG'])(
    '%s is usual for every type',
    async (contentType) => {
      const policy = await ann.uploadFor('owner', { contentType })
      expect(formIn(policy).fields['content-type']).toBe(contentType.toLowerCase())
      expect(await bringFile(policy)).toMatchObject({ status: 204 })
    },
  )

  test.each(['text/html', 'image/svg+xml', 'image/png; charset=a', 'image/*', 'png'])(
    '%j is refused, with its field and without its value',
    async (contentType) => {
      const answer = await ann.uploadFor('owner', { contentType })
      expect(answer).toMatchObject(refused)
      expect(JSON.stringify(answer.body)).not.toContain(`"${contentType}`)
    },
  )

  test('of one type of documents is allowed for that type; what may run is saved and not shown', async () => {
    const { mediaTypes } = world.changed.policies.documents
    change({ mediaTypes: { ...mediaTypes, asset_logo: ['image/svg+xml'] } })
    const policy = await ann.uploadFor('owner', { type: 'asset_logo', contentType: 'image/svg+xml' })
    expect(await ann.uploadFor('owner', { type: 'fund_logo', contentType: 'image/svg+xml' })).toMatchObject(refused)
    expect((await ann.uploadFor('owner', { type: 'asset_logo', contentType: 'image/png' })).status).toBe(200)
    await bringFile(policy)
    const file = await fetch(urlIn(await ann.read('owner', keyIn(policy))))
    expect(file.headers.get('content-disposition')).toBe('attachment')
  })
})

test('a type that is none, or that is the service’s own, is refused', async () => {
  for (const type of ['general', 'toString', ''] as unknown as DocumentType[])
    expect((await ann.uploadFor('owner', { type })).status).toBe(400)
})

const codeOf = async (type: DocumentType, bytes: number) =>
  (await bringFile(await ann.uploadFor('owner', { type }), bytes)).code

test('a type may have a length of its own', async () => {
  change({ largest: { general: 100, asset_photo: 200 } })
  expect([await codeOf('asset_photo', 200), await codeOf('asset_photo', 201)]).toEqual([undefined, 'EntityTooLarge'])
  expect([await codeOf('asset_logo', 100), await codeOf('asset_logo', 101)]).toEqual([undefined, 'EntityTooLarge'])
})

test('twenty MiB are let in, unless an app says otherwise, and not a byte more', async () => {
  const most = 20 * 1024 * 1024
  expect([await codeOf('alpha', most), await codeOf('alpha', most + 1)]).toEqual([undefined, 'EntityTooLarge'])
})

test('forms and addresses are good for an hour', async () => {
  const policy = await ann.uploadFor('owner')
  const { expiration } = JSON.parse(Buffer.from(formIn(policy).fields['policy'] ?? '', 'base64').toString('utf8')) as {
    expiration: string
  }
  const minutes = (new Date(expiration).getTime() - Date.now()) / 60_000
  expect([minutes > 59, minutes <= 60]).toEqual([true, true])
  expect(urlIn(await ann.read('owner', keyIn(policy)))).toContain('X-Amz-Expires=3600')
})

test('what the caller accepts must be what the document is; an empty list is none', async () => {
  const key = keyIn(await ann.uploadFor('owner'))
  for (const accept of ['', 'image/png', 'Image/PNG', 'image%2F*', 'text/html,*/*;q=0.1'])
    expect((await ann.read('owner', key, `?accept=${accept}`)).status).toBe(200)
  for (const accept of ['text/html', 'image/jpeg', 'application/*', 'image'])
    expect(await ann.read('owner', key, `?accept=${accept}`)).toMatchObject({
      status: 400,
      body: { errors: [{ meta: { field: 'accept' } }] },
    })
  const address = urlIn(await ann.read('owner', key, '?accept=*/*'))
  expect(address).toContain('response-content-type=image%2Fpng')
})

/** One after the other. */
async function statuses(...asked: readonly Who[]): Promise<readonly number[]> {
  const answers: number[] = []
  for (const who of asked) answers.push((await ann.uploadFor(who)).status)
  return answers
}

test('an account gets so many forms in a day, and what recovery brings is counted apart', async () => {
  change({ perDay: { owner: 2, recovery: 1, admin: 1 } })
  expect(await statuses('recovering', 'recovering', 'owner', 'owner', 'owner')).toEqual([200, 429, 200, 200, 429])
  expect(await statuses('admin', 'admin')).toEqual([200, 429])
  await shiftClock(world.sql, '25 hours')
  expect(await statuses('owner', 'recovering', 'admin')).toEqual([200, 200, 200])
})
