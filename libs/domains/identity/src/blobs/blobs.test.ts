import { describeApi, jsonApiDialect } from '@strongroom/http'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { keepingWorld, type KeepingWorld, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { type BlobType, LARGEST_BLOB } from './contract.ts'
import { blobHandlers } from './index.ts'

let world: KeepingWorld
let owner: SigningKey
beforeAll(async () => {
  world = await keepingWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  owner = signingKey()
  world.ledger.addSigner(owner.id, owner.id)
})

type Tags = Readonly<Record<string, string | number>>

const bodyOf = (type: BlobType, value: unknown, tags: Tags = {}) => ({
  data: {
    id: '',
    type,
    attributes: { value },
    relationships: Object.fromEntries(Object.entries(tags).map(([name, id]) => [name, { data: { id } }])),
  },
})
const make = (type: BlobType, value: unknown, tags?: Tags) =>
  world.ask('POST', `/accounts/${owner.id}/blobs`, { as: owner, body: bodyOf(type, value, tags) })
const idOf = async (...of: Parameters<typeof make>) => resourceIn(await make(...of)).id
const read = (id: string) => world.ask('GET', `/blobs/${id}`, { as: owner })
const countRows = async () =>
  (
    await world.owner.one(
      z.object({ rows: z.int() }),
      sql`select count(*) as rows from identity.blobs where owner = ${owner.id}`,
    )
  ).rows

test.each(['fund_update', 'kyc_form'] as const)('the same %s made twenty times at once is one blob', async (type) => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => idOf(type, 'the same')))
  expect(new Set(ids).size).toBe(1)
  expect(await countRows()).toBe(1)
})

test('another type, another owner or another text is another blob', async () => {
  const ids = [
    await idOf('kyc_form', 'a'),
    await idOf('kyc_poa', 'a'),
    await idOf('kyc_form', 'b'),
    await idOf('alpha', 'a'),
  ]
  const other = signingKey()
  world.ledger.addSigner(other.id, other.id)
  owner = other
  ids.push(await idOf('kyc_form', 'a'))
  expect(new Set(ids).size).toBe(5)
})

test('a NAV update takes the place of earlier ones that are related alike, and of nothing else', async () => {
  const first = await idOf('nav_update', '1.00', { fund: 1, class: 'a' })
  const [otherFund, otherType] = [
    await idOf('nav_update', '1.01', { fund: 2 }),
    await idOf('fund_update', '1.00', { fund: 1 }),
  ]
  const unrelated = await idOf('nav_update', '1.02')
  const second = await idOf('nav_update', '1.05', { class: 'a', fund: 1 })
  expect(await read(first)).toMatchObject({ status: 404 })
  for (const id of [second, otherFund, otherType, unrelated]) expect(await read(id)).toMatchObject({ status: 200 })
  expect(await idOf('nav_update', '1.00', { fund: 1, class: 'a' })).toBe(first)
  expect(await read(first)).toMatchObject({ status: 200 })
  expect(await read(second)).toMatchObject({ status: 404 })
})

test('of NAV updates that are made at once, one is left', async () => {
  const values = Array.from({ length: 10 }, (_, index) => `1.0${String(index)}`)
  await Promise.all(values.map((value) => make('nav_update', value, { fund: 1 })))
  expect(await countRows()).toBe(1)
})

const listed = (fund: number) => world.ask('GET', `/accounts/${owner.id}/blobs?fund=${String(fund)}`)

test('what is counted stays true, whatever is made, made again, replaced and hidden at once', async () => {
  for (let round = 0; round < 15; round++) {
    const value = `1.0${String(round)}`
    const id = await idOf('nav_update', value, { fund: 1 })
    const answers = await Promise.all([
      world.ask('DELETE', `/blobs/${id}`, { as: world.admin }),
      make('nav_update', `${value}0`, { fund: 1 }),
      make('nav_update', value, { fund: 2 }),
      make('alpha', 'always the same', { round }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([expect.toBeOneOf([204, 404]), 201, 201, 201])
  }
  const { counted, there } = await world.owner.one(
    z.object({ counted: z.int(), there: z.int() }),
    sql`select (select blobs from identity.blob_owners where owner = ${owner.id}) as counted,
               (select count(*) from identity.blobs where owner = ${owner.id} and deleted_at is null) as there`,
  )
  expect(counted).toBe(there)
})

test('a NAV update that two funds have alike stays for the one when the other has a newer', async () => {
  const [one, two] = [await idOf('nav_update', '1.00', { fund: 1 }), await idOf('nav_update', '1.00', { fund: 2 })]
  expect(one).toBe(two)
  await make('nav_update', '1.10', { fund: 1 })
  expect(await read(one)).toMatchObject({ status: 200 })
  expect(await listed(1)).toMatchObject({ body: { data: [{ attributes: { value: '1.10' } }] } })
  expect(await listed(2)).toMatchObject({ body: { data: [{ attributes: { value: '1.00' } }] } })
  await make('nav_update', '1.20', { fund: 2 })
  expect(await read(one)).toMatchObject({ status: 404 })
})

test('a newer NAV update does not bring back or remove what an administrator has hidden', async () => {
  const hidden = await idOf('nav_update', '1.00', { fund: 1 })
  await world.ask('DELETE', `/blobs/${hidden}`, { as: world.admin })
  await make('nav_update', '1.10', { fund: 1 })
  await make('nav_update', '1.00', { fund: 1 })
  expect(await read(hidden)).toMatchObject({ status: 404 })
  expect(await world.ask('GET', `/blobs/${hidden}`, { as: world.admin })).toMatchObject({ status: 200 })
})

test.each([
  ['quotes alone', '"'.repeat(LARGEST_BLOB)],
  ['what no text column takes', '\u0000 \u{1F600} \uFEFF'],
  ['letters of several bytes', 'Ж'.repeat(LARGEST_BLOB / 2)],
])('a text comes back as it was, up to a MiB: %s', async (_, text) => {
  for (const type of ['alpha', 'kyc_form'] as const) {
    const answer = await read(await idOf(type, text))
    expect(answer.status).toBe(200)
    expect(resourceIn(answer).attributes.value === text).toBe(true)
  }
})

const tooMany = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`t${String(index)}`, index]))

test.each([
  ['a text of more than a MiB', 'x'.repeat(LARGEST_BLOB + 1), {}, '/data/attributes/value'],
  ['more than a MiB of UTF-8', 'Ж'.repeat(LARGEST_BLOB / 2 + 1), {}, '/data/attributes/value'],
  ['half of a letter', '\ud800', {}, '/data/attributes/value'],
  ['nothing', '', {}, '/data/attributes/value'],
  ['a number', 4711, {}, '/data/attributes/value'],
  ['a tag that JSON:API keeps for itself', 'x', { type: 1 }, '/data/relationships'],
  ['a tag that lists ask for their page with', 'x', { page: 1 }, '/data/relationships'],
  ['nine tags', 'x', tooMany, '/data/relationships'],
  ['ten tags', 'x', { ...tooMany, another: 1 }, '/data/relationships'],
  ['a tag without an id', 'x', { fund: '' }, '/data/relationships/fund/data/id'],
  ['an owner who is no account', 'x', { owner: 'me' }, '/data/relationships/owner/data/id'],
])('%s is refused, and the field is named', async (...[, value, tags, field]) => {
  const answer = await make('alpha', value, tags)
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ meta: { field } }] } })
})

test('a body that is far too long is not read', async () => {
  expect(await make('alpha', 'x'.repeat(3 * LARGEST_BLOB))).toMatchObject({ status: 413 })
})

test('a blob of an unknown type is refused', async () => {
  const body = { data: { type: 'kyc_general', attributes: { value: 'x' } } }
  const answer = await world.ask('POST', '/blobs', { as: owner, body })
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ meta: { field: '/data/type' } }] } })
})

test('an account has so many blobs and no more, however many are made at once; hidden ones do not count', async () => {
  const most = world.policies.blobsPerAccount
  await make('alpha', 'the first')
  await world.owner.run(sql`update identity.blob_owners set blobs = ${most - 3} where owner = ${owner.id}`)
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => make('alpha', `text ${String(index)}`)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
  expect(answers.find(({ status }) => status === 400)?.body).toEqual({
    errors: [{ title: 'Bad Request', status: '400', detail: 'The account has as many blobs as it may' }],
  })
  expect(await countRows()).toBe(4)
  const made = answers.find(({ status }) => status === 201)
  expect(made).toBeDefined()
  if (made) await world.ask('DELETE', `/blobs/${resourceIn(made).id}`, { as: world.admin })
  expect(await make('alpha', 'one more')).toMatchObject({ status: 201 })
})

test('the same text may be related to sixteen things, not to any number', async () => {
  for (let fund = 0; fund < 16; fund++) expect(await make('alpha', 'x', { fund })).toMatchObject({ status: 201 })
  expect(await make('alpha', 'x', { fund: 16 })).toMatchObject({ status: 400 })
  expect(await make('alpha', 'x', { fund: 15 })).toMatchObject({ status: 201 })
})

test('a ledger that does not answer is an outage, and nothing is made', async () => {
  const away = Object.assign(new Error('away'), { retryAfterSeconds: 5 })
  world.ledger.goAway(away)
  try {
    expect(await make('kyc_form', 'x')).toMatchObject({ status: 503 })
  } finally {
    world.ledger.goAway(undefined)
  }
  expect(await countRows()).toBe(0)
})

const auditRow = z.object({ event: z.string(), subject: z.string(), detail: z.unknown() })

test('what administrators hide, and what they read of others, is in the audit log', async () => {
  const [open, form] = [await idOf('alpha', 'x'), await idOf('kyc_form', 'x')]
  for (const as of [owner, world.admin]) for (const id of [open, form]) await world.ask('GET', `/blobs/${id}`, { as })
  for (const _ of ['once', 'again']) await world.ask('DELETE', `/blobs/${form}`, { as: world.admin })
  const events = await world.owner.many(
    auditRow,
    sql`select event, subject, detail from audit.events where subject in (${open}, ${form}) order by event`,
  )
  const detail = { key: world.admin.id }
  expect(events).toEqual([
    { event: 'identity.blob-deleted', subject: form, detail },
    { event: 'identity.private-blob-read', subject: form, detail },
  ])
})

test('documents show the operations', () => {
  const endpoints = blobHandlers.map(({ endpoint }) => endpoint)
  const { paths = {} } = describeApi({ title: 'x', version: '1', description: '', dialect: jsonApiDialect, endpoints })
  expect(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods ?? {})])).toEqual([
    ['/accounts/{address}/blobs', ['post', 'get']],
    ['/accounts/{address}/blobs/{blob}', ['get']],
    ['/blobs', ['post']],
    ['/blobs/{blob}', ['get', 'delete']],
  ])
})
