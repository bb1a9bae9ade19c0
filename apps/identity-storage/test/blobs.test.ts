import { newSeed, signerOf } from '@strongroom/identity-client'
import { blobTypes, isPrivateBlob, type BlobType } from '@strongroom/identity'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPeople, newUser, type People } from './callers.ts'
import { newEmail, refused, startIdentityStorage, told, type World } from './client.ts'
import type { Owner } from './owners.ts'
import { asking, blob, linksIn, listIn, owned, resourceIn } from './resources.ts'

let world: World
let all: People
let ann: Owner
let bob: Owner
beforeAll(async () => {
  world = await startIdentityStorage()
  all = await newPeople(world)
  ann = all.owner
  bob = await newUser(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const at = ({ accountId }: Owner, id = '') => `/accounts/${accountId}/blobs${id && `/${id}`}`
const make = (owner: Owner, body: unknown, by = owner.signer) => world.ask(asking(['POST', at(owner)], body, by))
const read = (path: string, by?: Owner['signer']) => world.ask(asking(['GET', path], undefined, by))

describe.each(Object.keys(blobTypes) as BlobType[])('%s', (type) => {
  test('POST /accounts/{address}/blobs keeps it, and both GETs read it as it was', async () => {
    const made = await make(ann, blob(type, `{"of":"${type}"}`))
    const { id } = resourceIn(made)
    expect([made.status, made.body]).toEqual([201, { data: { id, type, attributes: { value: `{"of":"${type}"}` } } }])
    for (const path of [at(ann, id), `/blobs/${id}`]) {
      expect((await read(path, ann.signer)).text).toBe(made.text)
      const byOthers = [await read(path), await read(path, bob.signer)]
      for (const answer of byOthers) expect(told(answer)).toEqual(isPrivateBlob(type) ? refused(401) : [200, made.text])
    }
  })

  test('GET /accounts/{address}/blobs/{blob} finds it under its own account alone', async () => {
    const { id } = resourceIn(await make(ann, blob(type, newEmail())))
    for (const by of [bob.signer, ann.signer, world.admin, undefined])
      expect(told(await read(at(bob, id), by))).toEqual(refused(404))
  })
})

test('of fifteen types four are private', () => {
  const types = Object.keys(blobTypes) as BlobType[]
  expect([types.length, types.filter(isPrivateBlob)]).toEqual([
    15,
    ['kyc_form', 'kyc_id_document', 'kyc_poa', 'identity_mind_reject'],
  ])
})

test('POST /blobs gives a public text the documented id, with an owner and without', async () => {
  const address = 'GCCJPB7QQLNEMCJ72CQJ4ODAZFFGXHET5UPOGSDWT222GXQPMTO6ZQW3'
  const signer = signerOf(newSeed())
  const signers = { data: [{ id: signer.keyId, type: 'signer' }] }
  const account = { data: { id: address, relationships: { signers } } }
  expect((await world.ask(asking(['POST', '/accounts'], account))).status).toBe(201)
  for (const [by, relationships, id] of [
    [signer, owned(address), 'CMKFL7K43ZG6E4S3QFEYFYM2F7GS2QJHQPLI25PIWFYMT5V4ZOKQ'],
    [world.admin, {}, '6E7HLBYYHLII5VRF7PNC24ZDZCNPLAKMT3KHAYJM37EPZJE6DBMQ'],
  ] as const)
    for (const _ of ['made', 'made again']) {
      const made = await world.ask(asking(['POST', '/blobs'], blob('asset_description', 'foobar', relationships), by))
      expect([made.status, resourceIn(made).id]).toEqual([201, id])
    }
})

test('POST /blobs gives a private text an id that is another for another account', async () => {
  const form = blob('kyc_form', 'the same')
  const [mine, again, theirs] = [await make(ann, form), await make(ann, form), await make(bob, form)]
  expect(resourceIn(again).id).toBe(resourceIn(mine).id)
  expect(resourceIn(theirs).id).not.toBe(resourceIn(mine).id)
})

test('a key that recovery let in brings papers, and reads neither the owner’s nor those that it brought otherwise', async () => {
  const { recovering } = all.keys
  const { id } = resourceIn(await make(ann, blob('kyc_form', newEmail())))
  const brought = resourceIn(await make(ann, blob('kyc_form', newEmail()), recovering))
  expect(told(await read(at(ann, id), recovering))).toEqual(refused(401))
  for (const path of [at(ann, brought.id), `/blobs/${brought.id}`])
    for (const by of [recovering, ann.signer, world.admin]) expect((await read(path, by)).status).toBe(200)
  const ids = listIn(await read(at(ann), recovering)).map((one) => one.id)
  expect([ids.includes(brought.id), ids.includes(id)]).toEqual([true, false])
})

test('DELETE /blobs/{blob} hides it from all but administrators, and bringing it again does not bring it back', async () => {
  const form = blob('fund_update', newEmail())
  const { id } = resourceIn(await make(ann, form))
  const remove = (by?: Owner['signer']) => world.ask(asking(['DELETE', `/blobs/${id}`], undefined, by))
  for (const by of [undefined, ann.signer, bob.signer]) expect(told(await remove(by))).toEqual(refused(401))
  expect((await read(`/blobs/${id}`)).status).toBe(200)
  for (const _ of ['once', 'again']) expect(told(await remove(world.admin))).toEqual([204, ''])
  await make(ann, form)
  for (const path of [at(ann, id), `/blobs/${id}`]) {
    for (const by of [undefined, ann.signer, bob.signer]) expect(told(await read(path, by))).toEqual(refused(404))
    expect(resourceIn(await read(path, world.admin)).attributes['deleted_at']).toMatch(/Z$/)
  }
})

describe('GET /accounts/{address}/blobs', () => {
  test('is filtered by a mask of types and by tags, and shows each what they may see', async () => {
    const carl = await newUser(world)
    const fund = { fund: { data: { type: 'fund', id: 12 } } }
    const ids = []
    for (const [type, tags] of [
      ['alpha', fund],
      ['kyc_form', fund],
      ['bravo', {}],
    ] as const)
      ids.push(resourceIn(await make(carl, blob(type, type, tags))).id)
    const [alpha, form, bravo] = ids
    const list = async (query: string, by?: Owner['signer']) =>
      listIn(await read(`${at(carl)}${query}`, by)).map(({ id }) => id)
    for (const by of [carl.signer, world.admin]) {
      expect(await list('', by)).toEqual([bravo, form, alpha])
      expect(await list('?fund=12', by)).toEqual([form, alpha])
      expect(await list(`?type=${String(blobTypes.kyc_form + blobTypes.bravo)}`, by)).toEqual([bravo, form])
      expect(await list(`?type=${String(blobTypes.kyc_form + blobTypes.bravo)}&fund=12`, by)).toEqual([form])
    }
    for (const by of [undefined, bob.signer]) {
      expect(await list('', by)).toEqual([bravo, alpha])
      expect(await list('?fund=12', by)).toEqual([alpha])
      expect(await list(`?type=${String(blobTypes.kyc_form)}`, by)).toEqual([])
    }
  })

  test('has links that lead through all of it, filter and limit with them, and back', async () => {
    const carl = await newUser(world)
    const tagged = { fund: { data: { id: 'a b&c' } } }
    for (const value of ['1', '2', '3', '4', '5']) await make(carl, blob('alpha', value, tagged))
    const seen: unknown[] = []
    const first = `${at(carl)}?fund=${encodeURIComponent('a b&c')}&page[number]=1&page[limit]=2`
    let path: string | undefined = first
    let links: Readonly<Record<string, string>> = {}
    while (path) {
      const page = await read(path)
      seen.push(...listIn(page).map(({ attributes }) => attributes['value']))
      links = linksIn(page)
      expect([links['self'], links['first']]).toEqual([path, first])
      path = links['next']
    }
    expect(seen).toEqual(['5', '4', '3', '2', '1'])
    expect(links['prev']).toBe(first.replace('number]=1', 'number]=2'))
  })
})
