import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Asked, keepingWorld, type KeepingWorld, linksIn, listIn, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { type BlobType, blobTypes } from './contract.ts'

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

async function make(type: BlobType, value: string, tags: Readonly<Record<string, string | number>> = {}) {
  const relationships = Object.fromEntries(Object.entries(tags).map(([name, id]) => [name, { data: { id } }]))
  const body = { data: { type, attributes: { value }, relationships } }
  return resourceIn(await world.ask('POST', `/accounts/${owner.id}/blobs`, { as: owner, body })).id
}
const list = (query = '', asked: Asked = { as: owner }) =>
  world.ask('GET', `/accounts/${owner.id}/blobs${query}`, asked)
const values = async (...of: Parameters<typeof list>) =>
  listIn(await list(...of)).map(({ attributes }) => attributes.value)

test('a list is newest first; private ones are shown to owner and administrators alone', async () => {
  for (const [type, value] of [
    ['alpha', 'first'],
    ['kyc_form', 'second'],
    ['bravo', 'third'],
  ] as const)
    await make(type, value)
  const all = ['third', 'second', 'first']
  const open = ['third', 'first']
  expect([await values(), await values('', { as: world.admin })]).toEqual([all, all])
  expect([await values('', {}), await values('', { as: signingKey() })]).toEqual([open, open])
})

test('a mask asks for types, and for no more than somebody may see', async () => {
  for (const type of Object.keys(blobTypes) as BlobType[]) await make(type, type)
  const mask = blobTypes.alpha + blobTypes.kyc_form
  expect(await values(`?type=${String(mask)}`)).toEqual(['kyc_form', 'alpha'])
  expect(await values(`?type=${String(mask)}`, {})).toEqual(['alpha'])
  expect(await values(`?type=${String(blobTypes.kyc_poa)}`, {})).toEqual([])
  expect(await values('?page[limit]=100')).toHaveLength(15)
  expect(await values('?page[limit]=100', {})).toHaveLength(11)
  for (const wrong of ['0', '-1', 'alpha', '1.5', ''])
    expect(await list(`?type=${wrong}`)).toMatchObject({ status: 400, body: { errors: [{ meta: { field: 'type' } }] } })
})

test('a list is filtered by tags, public and private ones alike, and by all that are asked for', async () => {
  await make('fund_update', 'one', { fund: 12, year: '2026' })
  await make('kyc_form', 'two', { fund: '12' })
  await make('fund_update', 'three', { fund: 13, year: 2026 })
  expect(await values('?fund=12')).toEqual(['two', 'one'])
  expect(await values('?fund=12', {})).toEqual(['one'])
  expect(await values('?year=2026')).toEqual(['three', 'one'])
  expect(await values('?year=2026&fund=12')).toEqual(['one'])
  expect(await values('?fund=14')).toEqual([])
  expect(await list('?fund=12&fund=13')).toMatchObject({ status: 400 })
})

test('a tag of one account finds nothing of another', async () => {
  const other = owner
  await make('fund_update', 'theirs', { fund: 12 })
  owner = signingKey()
  world.ledger.addSigner(owner.id, owner.id)
  await make('fund_update', 'mine', { fund: 12 })
  expect(await values('?fund=12')).toEqual(['mine'])
  owner = other
  expect(await values('?fund=12')).toEqual(['theirs'])
})

test('parameters that clients send beside are no tags', async () => {
  await make('alpha', 'x')
  expect(await values('?page=1&page[number]=1&page[cursor]=&limit=40&page[limit]=40&order=desc')).toEqual(['x'])
})

const query = (page: number) => `?type=32&fund=a%20b&page[number]=${String(page)}&page[limit]=2`

test('pages are linked with everything that was asked', async () => {
  for (const value of ['1', '2', '3']) await make('alpha', value, { fund: 'a b' })
  const path = `/accounts/${owner.id}/blobs`
  const [first, second] = [await list(query(1)), await list(query(2))]
  expect(linksIn(first)).toEqual({ self: path + query(1), first: path + query(1), next: path + query(2) })
  expect(linksIn(second)).toEqual({ self: path + query(2), first: path + query(1), prev: path + query(1) })
  expect([...listIn(first), ...listIn(second)].map(({ attributes }) => attributes.value)).toEqual(['3', '2', '1'])
  expect(await values(query(9))).toEqual([])
})

test('what is long is named, and read by its id', async () => {
  for (const type of ['alpha', 'kyc_form'] as const) {
    const id = await make(type, 'x'.repeat(16_385))
    const [listed] = listIn(await list())
    expect(listed).toEqual({ id, type, attributes: {} })
    expect(resourceIn(await world.ask('GET', `/blobs/${id}`, { as: owner })).attributes.value).toHaveLength(16_385)
  }
})

test('hidden ones are shown to administrators alone, as hidden', async () => {
  const id = await make('alpha', 'x')
  await world.ask('DELETE', `/blobs/${id}`, { as: world.admin })
  expect([await values(), await values('', {})]).toEqual([[], []])
  expect(listIn(await list('', { as: world.admin }))).toMatchObject([{ id, attributes: { deleted_at: /Z$/ } }])
})

test('an administrator who lists private blobs is in the audit log, others are not', async () => {
  await make('kyc_form', 'x')
  for (const asked of [{}, { as: owner }, { as: world.admin }]) await list('', asked)
  const events = await world.owner.many(
    z.object({ event: z.string(), detail: z.unknown() }),
    sql`select event, detail from audit.events where subject = ${owner.id}`,
  )
  expect(events).toEqual([{ event: 'identity.private-blobs-listed', detail: { key: world.admin.id, blobs: 1 } }])
})

test('an account that has none, or is none, has an empty list', async () => {
  expect(await list()).toMatchObject({ status: 200, body: { data: [] } })
  expect(await world.ask('GET', `/accounts/${signingKey().id}/blobs`)).toMatchObject({
    status: 200,
    body: { data: [] },
  })
  expect(await world.ask('GET', '/accounts/nobody/blobs')).toMatchObject({ status: 400 })
})
