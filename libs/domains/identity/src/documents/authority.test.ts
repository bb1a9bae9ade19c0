import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  type DocumentAccount,
  keyIn,
  newAccount,
  notFound,
  unauthorized,
  urlIn,
  type Who,
} from '../../test/document-account.ts'
import { type Answered, type DocumentsWorld, documentsWorld } from '../../test/documents-world.ts'
import { signingKey } from '../../test/signing-key.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'
import { noObjectStore } from './index.ts'

let world: DocumentsWorld
beforeAll(async () => {
  world = await documentsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

let ann: DocumentAccount
beforeEach(() => {
  ann = newAccount(world)
})

/** Of a private type and of a public one: the routes make no difference. */
const types = ['kyc_id_document', 'asset_photo'] as const

describe.each<Who>(['owner', 'recovering', 'admin'])('%s', (who) => {
  test.each(types)('may bring a %s for the account', async (type) => {
    expect((await ann.uploadFor(who, { type })).status).toBe(200)
    expect((await ann.upload(who, { type, owner: ann.id })).status).toBe(200)
  })
})

describe.each<Who>(['stranger', 'powerless', 'nobody'])('%s', (who) => {
  test.each(types)('may not bring a %s for the account', async (type) => {
    expect(await ann.uploadFor(who, { type })).toEqual(unauthorized)
    expect(await ann.upload(who, { type, owner: ann.id })).toEqual(unauthorized)
  })
})

describe.each<Who>(['owner', 'admin'])('%s', (who) => {
  test.each(types)('may read a %s of the account', async (type) => {
    const key = keyIn(await ann.uploadFor('owner', { type }))
    for (const answer of [await ann.read(who, key), await ann.readOf(who, key)])
      expect([answer.status, urlIn(answer)]).toEqual([200, expect.stringContaining(key)])
  })
})

describe.each<Who>(['recovering', 'stranger', 'powerless', 'nobody'])('%s', (who) => {
  test.each(types)('may not read a %s of the account', async (type) => {
    const key = keyIn(await ann.uploadFor('owner', { type }))
    expect(await ann.read(who, key)).toEqual(unauthorized)
    expect(await ann.readOf(who, key)).toEqual(unauthorized)
  })
})

test('a key that recovery let in does not read what it brought itself', async () => {
  const key = keyIn(await ann.uploadFor('recovering'))
  expect(await ann.read('recovering', key)).toEqual(unauthorized)
  expect(await ann.readOf('recovering', key)).toEqual(unauthorized)
  expect((await ann.read('owner', key)).status).toBe(200)
})

test('a document of another account is as unknown under one’s own address as one that never was', async () => {
  const key = keyIn(await ann.uploadFor('owner'))
  const bob = newAccount(world)
  const absent = `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`
  for (const document of [key, absent, 'dpurg-of-another-system'])
    expect(await bob.readOf('owner', document)).toEqual(notFound)
  expect(await bob.readOf('owner', key, ann.id)).toEqual(unauthorized)
  expect(await bob.read('owner', key)).toEqual(unauthorized)
})

test('without an account in the address administrators alone learn which documents there are', async () => {
  const absent = `prv${'a'.repeat(53)}`
  expect(await ann.read('stranger', absent)).toEqual(unauthorized)
  expect(await ann.read('stranger', keyIn(await ann.uploadFor('owner')))).toEqual(unauthorized)
  expect(await ann.read('admin', absent)).toEqual(notFound)
  expect(await ann.readOf('owner', absent)).toEqual(notFound)
})

test('for an account that is not on the ledger nothing is brought', async () => {
  const owner = signingKey().id
  const body = { data: { type: 'alpha', attributes: { content_type: 'image/png' } } }
  expect(await world.ask('POST', `/accounts/${owner}/documents`, { as: world.admin, body })).toEqual(notFound)
  expect(await ann.upload('stranger', { owner })).toEqual(unauthorized)
  expect(await ann.upload('admin', { owner })).toMatchObject({
    status: 400,
    body: { errors: [{ meta: { field: '/data/relationships/owner/data/id' } }] },
  })
})

test('the owner that is named is the account of the address, or the request is refused', async () => {
  expect((await ann.uploadFor('owner', { owner: ann.id })).status).toBe(200)
  expect((await ann.uploadFor('owner', { owner: signingKey().id })).status).toBe(400)
})

const ownerOf = async (answered: Answered) => {
  const row = z.object({ owner: z.string() })
  return (await world.sql.one(row, sql`select owner from identity.documents where key = ${keyIn(answered)}`)).owner
}

test('where none is named it is the account that the key acts for; an administrator’s is the master account', async () => {
  expect(await ownerOf(await ann.upload('owner', { accountId: ann.id }))).toBe(ann.id)
  expect(await ownerOf(await ann.upload('admin', { accountId: ann.id }))).toBe(world.ledger.masterAccountId)
  expect(await ownerOf(await ann.upload('admin'))).toBe(world.ledger.masterAccountId)
  expect(await ann.upload('stranger', { accountId: ann.id })).toEqual(unauthorized)
  expect(await ann.upload('owner')).toEqual(unauthorized)
})

const columns = sql`owner, type, content_type, brought_by, stamp`
const changes = [
  sql`owner = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'`,
  sql`type = 'asset_logo'`,
  sql`type = 'unheard_of'`,
  sql`content_type = 'text/html'`,
  sql`stamp = decode(repeat('00', 32), 'hex')`,
]

test.each(changes)('a row that was changed past us is no document: $text', async (change) => {
  const key = keyIn(await ann.uploadFor('owner'))
  await world.sql.run(sql`update identity.documents set ${change} where key = ${key}`)
  expect(await ann.readOf('owner', key)).toEqual(notFound)
  expect(await ann.read('owner', key)).toEqual(unauthorized)
  expect(await ann.read('admin', key)).toEqual(notFound)
})

test('nor is one that was given to somebody else, or copied under another key', async () => {
  const bob = newAccount(world)
  const [key, copy] = [keyIn(await ann.uploadFor('owner')), `prv${'b'.repeat(53)}`]
  await world.sql.run(
    sql`insert into identity.documents (key, ${columns}) select ${copy}, ${columns} from identity.documents where key = ${key}`,
  )
  expect(await ann.readOf('owner', copy)).toEqual(notFound)
  await world.sql.run(sql`update identity.documents set owner = ${bob.id} where key = ${key}`)
  expect(await bob.read('owner', key)).toEqual(unauthorized)
  expect(await bob.readOf('owner', key)).toEqual(notFound)
})

test('an administrator who reads what is private is in the audit log; its owner is not', async () => {
  const [secret, open] = [keyIn(await ann.uploadFor('owner')), keyIn(await ann.uploadFor('owner', { type: 'alpha' }))]
  for (const who of ['owner', 'admin'] as const) for (const key of [secret, open]) await ann.read(who, key)
  const event = z.object({ event: z.string(), subject: z.string(), detail: z.object({ key: z.string() }) })
  const ofBoth = sql`select event, subject, detail from audit.events where subject = any(${[secret, open]}::text[])`
  expect(await world.sql.many(event, ofBoth)).toEqual([
    { event: 'identity.private-document-read', subject: secret, detail: { key: world.admin.id } },
  ])
})

test('where store or ledger are away nothing is decided', async () => {
  const key = keyIn(await ann.uploadFor('owner'))
  world.changed.objects = noObjectStore
  expect([(await ann.uploadFor('owner')).status, (await ann.read('owner', key)).status]).toEqual([503, 503])
  expect(await ann.read('stranger', key)).toEqual(unauthorized)
  world.mend()
  world.ledger.goAway(new LedgerUnavailable())
  expect([(await ann.uploadFor('owner')).status, (await ann.read('owner', key)).status]).toEqual([503, 503])
})
