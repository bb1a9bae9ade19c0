import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newEmail, startIdentityStorage, told, tooMany, type World } from './client.ts'
import { bodyOf, newOwner, newWalletId } from './owners.ts'

let world: World
beforeAll(async () => {
  const settings = {
    EMAIL_VERIFICATION: 'off',
    TRUSTED_PROXY_HOPS: '1',
    CREATIONS_PER_ADDRESS: '3',
    LOOKUPS_PER_ADDRESS: '4',
    ATTEMPTS_PER_ADDRESS: '5',
  }
  world = await startIdentityStorage({ settings })
})
afterAll(() => world[Symbol.asyncDispose]())

const from = (address: string) => ({ 'x-forwarded-for': address })
const create = (address: string) =>
  world.ask({ method: 'POST', path: '/wallets', headers: from(address), body: bodyOf(newOwner()) })

test('one address makes three wallets in an hour: the next is refused, and another address’s is made', async () => {
  for (let made = 0; made < 3; made++) expect((await create('198.51.100.1')).status).toBe(201)
  expect(told(await create('198.51.100.1'))).toEqual(tooMany)
  expect((await create('198.51.100.2')).status).toBe(201)
  // What a caller writes itself further left is nobody's address.
  expect(told(await create('198.51.100.3, 198.51.100.1'))).toEqual(tooMany)
})

test('one network of IPv6 is one caller', async () => {
  for (let made = 0; made < 3; made++) expect((await create(`2001:db8:7:7::${String(made)}`)).status).toBe(201)
  expect(told(await create('2001:db8:7:7:ffff::1'))).toEqual(tooMany)
  expect((await create('2001:db8:7:8::1')).status).toBe(201)
})

const kdf = async (address: string, email: string) =>
  told(await world.ask({ path: `/kdf?email=${email}`, headers: from(address) }))

describe('who asks for addresses', () => {
  test('asks for four in a minute, by both names of the route together', async () => {
    for (let asked = 0; asked < 3; asked++) expect((await kdf('203.0.113.1', newEmail()))[0]).toBe(404)
    const alias = await world.ask({ path: `/wallets/kdf?email=${newEmail()}`, headers: from('203.0.113.1') })
    expect(alias.status).toBe(404)
    expect(await kdf('203.0.113.1', newEmail())).toEqual(tooMany)
    expect((await kdf('203.0.113.2', newEmail()))[0]).toBe(404)
  })

  test('learns of one address eighty times in a minute, from wherever, and in any case', async () => {
    const email = newEmail()
    for (let asked = 0; asked < 80; asked++)
      expect((await kdf(`203.0.113.${String(100 + asked)}`, asked % 2 === 0 ? email : email.toUpperCase()))[0]).toBe(
        404,
      )
    expect(await kdf('203.0.113.20', email)).toEqual(tooMany)
  })

  test('may ask how new wallets are made as often as it likes', async () => {
    for (let asked = 0; asked < 20; asked++)
      expect((await world.ask({ path: '/kdf', headers: from('203.0.113.30') })).status).toBe(200)
  })
})

const ask = async (method: string, ending: string, address = '192.0.2.1') =>
  told(await world.ask({ method, path: `/wallets/${newWalletId()}${ending}`, headers: from(address) }))

test('who asks for wallets asks for five in a minute, by all the ways together', async () => {
  for (const [method, ending] of [
    ['GET', ''],
    ['GET', '/factors'],
    ['POST', '/verification'],
    ['GET', ''],
    ['GET', '/factors'],
  ] as const)
    expect((await ask(method, ending))[0]).toBe(404)
  for (const [method, ending] of [
    ['GET', ''],
    ['GET', '/factors'],
    ['POST', '/verification'],
  ] as const)
    expect(await ask(method, ending)).toEqual(tooMany)
  expect((await ask('GET', '', '192.0.2.2'))[0]).toBe(404)
})
