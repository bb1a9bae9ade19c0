import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canary } from './bad-positions.ts'
import { changeBody } from './changes.ts'
import { type Answered, newEmail, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { answering, demandIn, enableTotp, totpCode } from './demands.ts'
import {
  bodyOf,
  newKeychain,
  newOwner,
  newWallet,
  newWalletId,
  type Owner,
  passwordOf,
  signerIn,
  walletIn,
} from './owners.ts'

let world: World
let ann: Owner
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
  ann = await newWallet(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const headers = { cookie: canary, referer: `https://${canary}.example`, 'user-agent': canary, 'x-request-id': canary }
const ask = async (method: string, path: string, body?: unknown): Promise<Answered> => {
  const answer = await world.ask({ method, path, headers, ...(body !== undefined && { body }) })
  expect(answer.text).not.toContain(canary)
  expect(JSON.stringify([...answer.headers])).not.toContain(canary)
  expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
  return answer
}
const unknown = refused(404, { detail: 'Unknown path' })

test.each<[string, string]>([
  ['GET', `/${canary}`],
  ['GET', `/${canary}?${canary}=${canary}`],
  ['GET', '/wallets'],
  ['GET', '/wallets/'],
  ['GET', '//wallets'],
  ['GET', '/Wallets/kdf'],
  ['GET', '/kdf/'],
  ['HEAD', '/kdf'],
  ['PUT', '/wallets'],
  ['PATCH', `/wallets/${'ab'.repeat(32)}`],
  ['POST', `/wallets/${'ab'.repeat(32)}/`],
  ['GET', `/wallets/${'ab'.repeat(32)}/verification`],
  ['GET', `/wallets/${'ab'.repeat(32)}/factors/1`],
  ['POST', `/wallets/${'ab'.repeat(32)}/factors/1/verification`],
  ['GET', '/sessions'],
  ['DELETE', '/sessions/01D78XYFJ1PRM1WPBCBT3VHMNV'],
  ['GET', '/v3'],
  ['GET', '/v3/transactions'],
  ['POST', '/v3/accounts'],
])('%s %s is none of ours', async (method, path) => {
  const answer = await ask(method, path)
  expect(told(answer)).toEqual(method === 'HEAD' ? [404, ''] : unknown)
})

describe('in an address', () => {
  const ids = [
    canary,
    'AB'.repeat(32),
    'ab'.repeat(31),
    `${'ab'.repeat(32)}0`,
    '%00',
    '%ff',
    `${'ab'.repeat(32)}%0a`,
    "'--",
    '..%2fkdf',
  ]
  const ways: readonly [string, (id: string) => string, unknown?][] = [
    ['GET', (id) => `/wallets/${id}`],
    ['GET', (id) => `/wallets/${id}/factors`],
    ['POST', (id) => `/wallets/${id}/verification`],
    ['POST', (id) => `/wallets/${id}/restoration`],
    ['DELETE', (id) => `/wallets/${id}`],
  ]
  test.each(ways)('a wallet’s id is 64 hex digits: %s', async (method, path) => {
    for (const id of ids) {
      expect(told(await ask(method, path(id))), `of ${id}`).toEqual(wrong('walletId', 'is not 64 hex digits'))
    }
  })

  test('a factor’s id is a number', async () => {
    for (const id of [canary, '-1', '1.5', '0x1', '1e3', '9'.repeat(16), '%00']) {
      const answer = await ask(
        'PUT',
        `/wallets/${ann.walletId}/factors/${id}/verification`,
        answering({ token: 'a', factor_id: 1, factor_type: 'x', wallet_id: 'y' }, 'z').body,
      )
      expect(told(answer)).toEqual(wrong('factorId', 'is no number'))
    }
  })

  test('a session’s id is a ULID', async () => {
    for (const id of [canary, '01d78xyfj1prm1wpbcbt3vhmnv', '01D78XYFJ1PRM1WPBCBT3VHMN', '01D78XYFJ1PRM1WPBCBT3VHMNU'])
      expect(told(await ask('GET', `/sessions/${id}`))).toEqual(wrong('sessionId', 'is no ULID'))
  })

  test('a key is one of the ledger’s, and its account an account', async () => {
    for (const id of [canary, 'GBSR6JG5AYSAW7HK6EGJFYVIVN54LVGSY3ZLJ6X3IBQZ766EJABCZQT', 'g'.repeat(56)])
      expect(told(await ask('GET', `/v3/accounts/${id}/signers`))).toEqual(wrong('id', 'is no account key'))
    expect(told(await ask('GET', `/v3/key_values/${canary}`))).toEqual(refused(404))
    expect(told(await ask('GET', `/v3/key_values/__proto__`))).toEqual(refused(404))
  })

  test.each([
    ['email', `email=${canary}`],
    ['email', `email=${canary}@x`],
    ['email', `email=a@example.com%0d%0aBcc:x@example.com`],
    ['email', `email=${'a'.repeat(250)}@example.com`],
    ['email', 'email=a@example.com&email=b@example.com'],
    ['is_recovery', `email=a@example.com&is_recovery=${canary}`],
    ['is_recovery', 'is_recovery=TRUE'],
    ['is_recovery', 'is_recovery=true&is_recovery=true'],
  ])('a query’s %s is told where it is none: %s', async (field, query) => {
    for (const path of ['/kdf', '/wallets/kdf']) {
      const { status, body } = await ask('GET', `${path}?${query}`)
      expect([status, body]).toMatchObject([
        400,
        { errors: [{ title: 'Bad Request', status: '400', meta: { field } }] },
      ])
    }
  })

  test.each([
    ['public_ip', `public_ip=${canary}`],
    ['location_lat', `location_lat=${canary.repeat(4)}`],
    ['location_long', 'location_long=1&location_long=2'],
  ])('a wallet’s %s is told where it is none', async (field, query) => {
    const { status, body } = await ask('GET', `/wallets/${ann.walletId}?${query}`)
    expect([status, body]).toMatchObject([400, { errors: [{ meta: { field } }] }])
  })
})

const post = (attributes: object, more: object = {}) => {
  const owner = newOwner()
  return world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, { attributes, ...more }) })
}
const fieldOf = async (answer: Promise<Answered>) => {
  const { status, body } = await answer
  return [status, (body as { errors?: { meta?: { field: string } }[] }).errors?.[0]?.meta?.field]
}
const parts = { IV: 'AAAA', cipherText: 'AAAA', cipherName: 'aes', modeName: 'gcm' }
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

describe('a value of the right kind', () => {
  test.each([
    '',
    'ann',
    'ann@',
    '@example.com',
    'ann@example',
    'ann@example.',
    'ann @example.com',
    'ann@exa mple.com',
    'a@b@example.com',
    '"ann"@example.com',
    'ann@example.com\n',
    'ann@example.com\r\nBcc: eve@example.com',
    '<ann@example.com>',
    'ann,eve@example.com',
    'ann\u0000@example.com',
    'ann\u202e@example.com',
    '\ud800@example.com',
    `${'a'.repeat(243)}@example.com`,
  ])('is no address: %j', async (email) => {
    expect(await fieldOf(post({ email }))).toEqual([400, '/data/attributes/email'])
  })

  test.each([
    'AAAA',
    Buffer.alloc(15).toString('base64'),
    Buffer.alloc(17).toString('base64'),
    `${Buffer.alloc(16).toString('base64')}\n`,
    Buffer.alloc(16).toString('base64url'),
    'E8C7204F5E3E91FA87662308B7E459F01757B005C647E49A7A49AEF32845D868',
  ])('is no salt: %j', async (salt) => {
    expect(await fieldOf(post({ salt }))).toEqual([400, '/data/attributes/salt'])
  })

  test.each([
    'AAAA',
    '{}',
    encoded({}),
    encoded([]),
    encoded(null),
    encoded('x'),
    encoded({ ...parts, seed: 'S' }),
    encoded({ ...parts, IV: 1 }),
    `${encoded(parts)}\n`,
    JSON.stringify(parts),
    Buffer.from(`${JSON.stringify(parts)} x`).toString('base64'),
    newKeychain(32_772),
  ])('is no keychain: %#', async (keychain_data) => {
    expect(await fieldOf(post({ keychain_data }))).toEqual([400, '/data/attributes/keychain_data'])
  })

  test.each([1, '1', 3, 0])('is no version of the KDF: %j', async (id) => {
    const answer = post({}, { relationships: { kdf: { data: { id, type: 'kdf' } } } })
    expect(await fieldOf(answer)).toEqual([400, '/data/relationships/kdf/data/id'])
  })

  test('tells every field that is wrong, each once', async () => {
    const { status, body } = await post({ email: canary, salt: canary, account_id: canary, keychain_data: canary })
    const fields = (body as { errors: { meta: { field: string } }[] }).errors.map(({ meta }) => meta.field)
    expect([status, fields.toSorted()]).toEqual([
      400,
      ['account_id', 'email', 'keychain_data', 'salt'].map((name) => `/data/attributes/${name}`),
    ])
  })

  test('counts what is included as the caller does, with null and all', async () => {
    const owner = newOwner()
    const included = [null, { type: 'location' }, passwordOf(owner), signerIn(owner.signer.keyId, { weight: 1001 })]
    expect(await fieldOf(world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, { included }) }))).toEqual([
      400,
      '/included/3/attributes/weight',
    ])
  })

  test('may be anything that a mailbox is called', async () => {
    for (const name of ["o'brien", 'ann+tag', 'a.b-c_d', 'été', '1', 'ann%', "x'--", '$1', '\\u0041'].filter(
      (one) => !one.includes('\\'),
    )) {
      const email = `${name}-${newEmail()}`
      const made = await post({ email })
      expect([made.status, walletIn(made.body).data.attributes.email]).toEqual([201, email])
      expect((await world.ask({ path: `/kdf?email=${encodeURIComponent(email)}` })).status).toBe(200)
    }
  })

  test.each([-1, 1_000_001, 1.5, '1', null, true])('is no priority: %j', async (priority) => {
    const asked = {
      method: 'PATCH',
      path: `/wallets/${ann.walletId}/factors/1`,
      by: ann.signer,
      body: { data: { attributes: { priority } } },
    }
    expect(await fieldOf(world.ask(asked))).toEqual([400, '/data/attributes/priority'])
  })

  test.each([-1, 1_000_000, 1.5, '', 'x'.repeat(257), null, true, ['123456']])(
    'is no answer to a demand: %j',
    async (otp) => {
      const body = { data: { attributes: { token: 'a', otp } } }
      const asked = { method: 'PUT', path: `/wallets/${ann.walletId}/factors/1/verification`, body }
      expect(await fieldOf(world.ask(asked))).toEqual([400, '/data/attributes/otp'])
    },
  )
})

test('after all that, the log has no field, no header, no id, no token, no code and no signature', async () => {
  const owner = await newWallet(world, { email: `${canary}-${newEmail()}` })
  const totp = await enableTotp(world, owner)
  const demand = demandIn(await world.ask({ path: `/wallets/${owner.walletId}` }))
  const code = await totpCode(totp.secret)
  await world.ask(answering(demand, code))
  const opened = await world.ask({ path: `/wallets/${owner.walletId}` })
  const session = walletIn(opened.body).included[0]
  await world.ask({ path: `/sessions/${session?.id ?? ''}` })
  await world.ask({
    method: 'PUT',
    path: `/wallets/${owner.walletId}`,
    by: owner.signer,
    body: changeBody(newOwner({ walletId: newWalletId() }), 'AAAA'),
  })
  const log = await world.app.log()
  const secrets = [canary, owner.walletId, owner.email, demand.token, totp.secret, 'ed25519-sha256', '"level":50']
  const ofSession = [session?.id ?? '', session?.attributes.encryption_key ?? '']
  expect([...secrets, ...ofSession].filter((one) => log.includes(one))).toEqual([])
  expect(log.includes('"route":"/wallets/:walletId"')).toBe(true)
})
