import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepingWorld, type KeepingWorld, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { type BlobType, blobTypes, isPrivateBlob } from './contract.ts'

let world: KeepingWorld
beforeAll(async () => {
  world = await keepingWorld()
})
afterAll(() => world.close())

const callers = ['unsigned', 'stranger', 'recovering', 'owner', 'admin'] as const
type Caller = (typeof callers)[number]

/** An account of its own, and everybody who may ask about it. */
function people() {
  const account = signingKey()
  const [owner, recovering, stranger] = [signingKey(), signingKey(), signingKey()]
  world.ledger.addSigner(account.id, owner.id)
  world.ledger.letIn(account.id, recovering.id)
  world.ledger.addSigner(signingKey().id, stranger.id)
  const keys: Record<Caller, SigningKey | undefined> = {
    unsigned: undefined,
    stranger,
    recovering,
    owner,
    admin: world.admin,
  }
  const as = (caller: Caller) => {
    const key = keys[caller]
    return key ? { as: key } : {}
  }
  return { account: account.id, as }
}

const given = (type: BlobType, owner?: string) => ({
  data: {
    type,
    attributes: { value: 'a text' },
    ...(owner && { relationships: { owner: { data: { id: owner } } } }),
  },
})

/** Status for unsigned, stranger, recovering, owner, admin. */
type Row = readonly [number, number, number, number, number]
const statuses = (row: Row, caller: Caller): number => row[callers.indexOf(caller)] as number

const kinds = [
  ['public', 'fund_update'],
  ['private', 'kyc_form'],
] as const

const creations: Readonly<Record<string, Readonly<Record<'public' | 'private', Row>>>> = {
  'for an account': { public: [401, 401, 201, 201, 401], private: [401, 401, 201, 201, 401] },
  'for whom it names': { public: [401, 401, 201, 201, 201], private: [401, 401, 201, 201, 201] },
  'for nobody': { public: [401, 401, 401, 401, 201], private: [401, 401, 401, 401, 201] },
}

describe.each(kinds)('a %s blob', (kind, type) => {
  test.each(Object.entries(creations))('made %s', async (way, expected) => {
    for (const caller of callers) {
      const { account, as } = people()
      const target = way === 'for an account' ? `/accounts/${account}/blobs` : '/blobs'
      const body = given(type, way === 'for whom it names' ? account : undefined)
      const { status } = await world.ask('POST', target, { ...as(caller), body })
      expect([caller, status]).toEqual([caller, statuses(expected[kind], caller)])
    }
  })

  const readings: Row = kind === 'public' ? [200, 200, 200, 200, 200] : [401, 401, 401, 200, 200]
  test('of an account, read by its address and without it', async () => {
    const { account, as } = people()
    const made = await world.ask('POST', `/accounts/${account}/blobs`, { ...as('owner'), body: given(type) })
    const { id } = resourceIn(made)
    for (const target of [`/accounts/${account}/blobs/${id}`, `/blobs/${id}`])
      for (const caller of callers) {
        const { status } = await world.ask('GET', target, as(caller))
        expect([caller, status]).toEqual([caller, statuses(readings, caller)])
      }
  })

  const ownerless: Row = kind === 'public' ? [200, 200, 200, 200, 200] : [401, 401, 401, 401, 200]
  test('of nobody, read', async () => {
    const { as } = people()
    const { id } = resourceIn(await world.ask('POST', '/blobs', { ...as('admin'), body: given(type) }))
    for (const caller of callers) {
      const { status } = await world.ask('GET', `/blobs/${id}`, as(caller))
      expect([caller, status]).toEqual([caller, statuses(ownerless, caller)])
    }
  })

  test('deleted', async () => {
    for (const caller of callers) {
      const { account, as } = people()
      const made = await world.ask('POST', `/accounts/${account}/blobs`, { ...as('owner'), body: given(type) })
      const { status } = await world.ask('DELETE', `/blobs/${resourceIn(made).id}`, as(caller))
      expect([caller, status]).toEqual([caller, caller === 'admin' ? 204 : 401])
    }
  })

  test('read once it is deleted: by administrators, as of when', async () => {
    const { account, as } = people()
    const made = await world.ask('POST', `/accounts/${account}/blobs`, { ...as('owner'), body: given(type) })
    const target = `/blobs/${resourceIn(made).id}`
    for (const _ of ['once', 'again'])
      expect(await world.ask('DELETE', target, as('admin'))).toMatchObject({ status: 204 })
    for (const caller of callers) {
      const { status } = await world.ask('GET', target, as(caller))
      expect([caller, status]).toEqual([caller, caller === 'admin' ? 200 : 404])
    }
    const { attributes } = resourceIn(await world.ask('GET', target, as('admin')))
    expect(attributes).toEqual({ value: 'a text', deleted_at: expect.stringMatching(/Z$/) as unknown })
    const again = await world.ask('POST', `/accounts/${account}/blobs`, { ...as('owner'), body: given(type) })
    expect(resourceIn(again).attributes.deleted_at).toMatch(/Z$/)
    expect(await world.ask('GET', target, as('owner'))).toMatchObject({ status: 404 })
  })
})

test.each(Object.keys(blobTypes) as BlobType[])(
  '%s is made, read by its owner, and by others if it is public',
  async (type) => {
    const { account, as } = people()
    const made = await world.ask('POST', `/accounts/${account}/blobs`, { ...as('owner'), body: given(type) })
    const { id } = resourceIn(made)
    expect(made).toEqual({ status: 201, body: { data: { id, type, attributes: { value: 'a text' } } } })
    expect((await world.ask('GET', `/blobs/${id}`, as('owner'))).body).toEqual(made.body)
    expect(await world.ask('GET', `/blobs/${id}`)).toMatchObject({ status: isPrivateBlob(type) ? 401 : 200 })
  },
)

test('through the address of another account there is no such blob, not even for who owns that one', async () => {
  const [mine, other] = [people(), people()]
  for (const [, type] of kinds) {
    const made = await world.ask('POST', `/accounts/${mine.account}/blobs`, { ...mine.as('owner'), body: given(type) })
    const target = `/accounts/${other.account}/blobs/${resourceIn(made).id}`
    for (const ask of [{}, other.as('owner'), mine.as('owner'), mine.as('admin')])
      expect(await world.ask('GET', target, ask)).toEqual({
        status: 404,
        body: { errors: [{ title: 'Not Found', status: '404' }] },
      })
  }
})

test('an unknown blob is not found by anybody; what is no id is a bad request', async () => {
  const { account, as } = people()
  const unknown = 'A'.repeat(52)
  for (const caller of callers) {
    expect(await world.ask('GET', `/blobs/${unknown}`, as(caller))).toMatchObject({ status: 404 })
    expect(await world.ask('GET', `/accounts/${account}/blobs/${unknown}`, as(caller))).toMatchObject({ status: 404 })
  }
  expect(await world.ask('DELETE', `/blobs/${unknown}`, as('admin'))).toMatchObject({ status: 404 })
  expect(await world.ask('GET', '/blobs/nonsense')).toMatchObject({ status: 400 })
})

test('for an account that the ledger does not know nothing is made, whoever asks', async () => {
  const { as } = people()
  const nobody = signingKey().id
  for (const caller of ['stranger', 'admin'] as const) {
    const body = given('fund_update', nobody)
    expect(await world.ask('POST', `/accounts/${nobody}/blobs`, { ...as(caller), body })).toMatchObject({ status: 404 })
    expect(await world.ask('POST', '/blobs', { ...as(caller), body })).toMatchObject({ status: 404 })
  }
})

test('the owner in the body is the account of the address, or the request is refused', async () => {
  const [mine, other] = [people(), people()]
  const ask = (owner: string) =>
    world.ask('POST', `/accounts/${mine.account}/blobs`, { ...mine.as('owner'), body: given('alpha', owner) })
  expect(await ask(mine.account)).toMatchObject({ status: 201 })
  expect(await ask(other.account)).toMatchObject({
    status: 400,
    body: { errors: [{ meta: { field: '/data/relationships/owner/data/id' } }] },
  })
})
