import { fromUtf8 } from '@strongroom/crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import type { Logins } from '../src/logins/login.ts'
import { invalidProviderToken } from '../src/refusals.ts'
import { openTurns } from '../src/sign-up/turns.ts'
import { bodyOf, newDevice, newPasskey, newSubject, personOf, refused } from './client.ts'
import { passkeyRules, startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())
beforeEach(() => world.chain.mine())

const person = (subject?: string) => personOf(world.baseUrl, subject)
const count = async (table: string) =>
  (
    await world.owner.one(z.object({ count: z.int() }), {
      text: `select count(*)::int as count from chain_accounts.${table}`,
      values: [],
    })
  ).count

describe('whoever signs up', () => {
  test('is answered before the account stands, with its address and no transaction yet', async () => {
    const [ann, phone] = [person(), newDevice()]
    const answer = await ann.signUp(phone)
    expect(answer.status).toBe(201)
    const { account, credentials, transaction } = bodyOf(answer)
    expect(transaction).toBeNull()
    expect(account).toMatchObject({
      addresses: [{ chainName: 'local', chainId: 31_337, chainType: 'evm', profileImageUrl: null, domainName: null }],
      parent: [],
    })
    const { body } = await ann.get('/account/v1/me', credentials.accessToken)
    expect(body).toEqual({ account })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('has a key of ours beside the own one, of equal weight, and the two sign together', async () => {
    const [ann, phone] = [person(), newDevice()]
    const { credentials } = bodyOf(await ann.signUp(phone))
    const plan = world.chain.queued.at(-1)
    expect(plan?.threshold).toBe(1000)
    expect(plan?.signers.map(({ weight, scheme }) => [weight, scheme])).toEqual([
      [500, 'p256-sha256'],
      [500, 'p256-sha256'],
    ])
    const { body } = await ann.get('/key/v1/keys', credentials.accessToken)
    expect(body).toMatchObject({
      keys: [
        { type: 'server-key', keyIndex: 0, state: 'active' },
        { type: 'user-key', keyIndex: 1, publicKey: phone.publicKey, userKey: { type: 'device', device: null } },
      ],
    })
  })

  test('once more with the same key, before it stands, is answered with the same account', async () => {
    const [ann, phone] = [person(), newDevice()]
    const first = bodyOf(await ann.signUp(phone))
    world.chain.send()
    const again = await ann.signUp(phone)
    expect([again.status, bodyOf(again).account]).toEqual([201, first.account])
    expect(bodyOf(again).transaction).toMatchObject({
      chainName: 'local',
      refUrl: expect.stringMatching(/^https:\/\/explorer/),
    })
  })

  test('once more is asked to sign in, some minutes later or once it stands, whatever the account’s row says', async () => {
    const [ann, ben] = [person(), person()]
    const [phone, other] = [newDevice(), newDevice()]
    await ann.signUp(phone)
    await world.pass('280 seconds')
    expect((await ann.signUp(phone)).status).toBe(201)
    await world.pass('21 seconds')
    expect(refused(await ann.signUp(phone))).toEqual([400, 'AlreadySignedUp'])
    const { account } = bodyOf(await ben.signUp(other))
    world.chain.mine()
    await world.activate()
    await world.owner.run(sql`update chain_accounts.accounts set state = 'pending' where id = ${account.id}`)
    expect(refused(await ben.signUp(other))).toEqual([400, 'AlreadySignedUp'])
    await world.owner.run(sql`update chain_accounts.addresses set state = 'pending' where account_id = ${account.id}`)
    expect(refused(await ben.signUp(other))).toEqual([400, 'AlreadySignedUp'])
  })

  test('at once, twenty times, has one account, and nothing is left of the others', async () => {
    const [ann, phone] = [person(), newDevice()]
    const [accounts, keys, addresses] = await Promise.all(['accounts', 'keys', 'addresses'].map(count))
    const answers = await Promise.all(Array.from({ length: 20 }, () => ann.signUp(phone)))
    expect(new Set(answers.map((one) => bodyOf(one).account.id)).size).toBe(1)
    expect(await Promise.all(['accounts', 'keys', 'addresses'].map(count))).toEqual([
      (accounts ?? 0) + 1,
      (keys ?? 0) + 2,
      (addresses ?? 0) + 1,
    ])
  })

  test('with another key, or of another kind, has an account already', async () => {
    const [ann, phone] = [person(), newDevice()]
    await ann.signUp(phone)
    expect(refused(await ann.signUp(newDevice()))).toEqual([400, 'AlreadySignedUp'])
    const asPasskey = { userKey: { type: 'passkey', publicKey: phone.publicKey } }
    expect(refused(await ann.signUp(phone, asPasskey))).toEqual([400, 'AlreadySignedUp'])
  })

  test('and stands, has an account already, and is given no token', async () => {
    const [ann, phone] = [person(), newDevice()]
    await ann.signUp(phone)
    world.chain.mine()
    await world.activate()
    expect(refused(await ann.signUp(phone))).toEqual([400, 'AlreadySignedUp'])
  })

  test('by a passkey stands with it as a signer', async () => {
    const [ann, passkey] = [person(), newPasskey(passkeyRules)]
    const userKey = { type: 'passkey', publicKey: passkey.publicKey, passKey: { platform: 'ios' } }
    expect((await ann.signUp(passkey, { userKey })).status).toBe(201)
    expect(world.chain.queued.at(-1)?.signers.map(({ scheme }) => scheme)).toEqual(['p256-sha256', 'webauthn'])
  })

  test('on a chain by its name', async () => {
    const { account } = bodyOf(await person().signUp(newDevice(), { chainName: 'polygon-amoy' }))
    expect(account.addresses).toMatchObject([{ chainName: 'polygon-amoy' }])
  })
})

describe('is refused', () => {
  const key = () => ({ type: 'device', publicKey: newDevice().publicKey })
  const off = 'f'.repeat(128)
  test.each<[string, () => object, string]>([
    ['a chain that is not served', () => ({ chainName: 'ethereum-mainnet' }), 'UnsupportedChain'],
    ['a chain of nobody', () => ({ chainName: 'moon' }), 'UnsupportedChain'],
    ['a method of nobody', () => ({ method: 'sms' }), 'UnsupportedMethod'],
    ['a method that is not served', () => ({ method: 'apple' }), 'UnsupportedMethod'],
    ['a point off the curve', () => ({ userKey: { ...key(), publicKey: off } }), 'InvalidPublicKey'],
    [
      'a key without its leading zero',
      () => ({ userKey: { ...key(), publicKey: 'a'.repeat(127) } }),
      'InvalidPublicKey',
    ],
    [
      'a key with 04 before it',
      () => ({ userKey: { ...key(), publicKey: `04${key().publicKey}` } }),
      'InvalidPublicKey',
    ],
    [
      'another key within the device',
      () => ({ userKey: { ...key(), device: { publicKey: key().publicKey } } }),
      'InvalidRequest',
    ],
    ['a wallet’s key', () => ({ userKey: { type: 'wallet', publicKey: key().publicKey } }), 'InvalidRequest'],
    [
      'a device of too many words',
      () => ({ userKey: { ...key(), device: { name: 'x'.repeat(201) } } }),
      'InvalidRequest',
    ],
    ['no login', () => ({ token: '' }), 'InvalidRequest'],
  ])('%s', async (_, change, name) => {
    const before = await count('accounts')
    expect(refused(await person().signUp(newDevice(), change()))).toEqual([400, name])
    expect(await count('accounts')).toBe(before)
  })

  test('a login that the provider does not vouch for', async () => {
    expect(refused(await person('not a name').signUp(newDevice()))).toEqual([401, 'InvalidProviderToken'])
  })
})

test('what is told of a device is sealed; a dump holds no name, subject, address or push token', async () => {
  const ann = person(`${newSubject()}@canary.example`)
  const device = { name: 'canary-name', pushToken: 'canary-push', osName: 'iOS', lang: 'en' }
  const phone = newDevice()
  await ann.signUp(phone, { userKey: { type: 'device', publicKey: phone.publicKey, device } })
  const tables = ['accounts', 'identities', 'keys', 'addresses', 'challenges']
  for (const table of tables) {
    const rows = await world.owner.many(z.object({ row: z.string() }), {
      text: `select row_to_json(t)::text as row from chain_accounts.${table} as t`,
      values: [],
    })
    for (const { row } of rows) {
      const text =
        row + row.replaceAll(/\\\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'))
      for (const canary of ['canary', ann.subject]) expect(text).not.toContain(canary)
    }
  }
})

test('a burst is answered in turns, one at a time if need be, and beyond the line nobody has anything made', async () => {
  const turns = openTurns({ atOnce: 1, mostWaiting: 30, patienceMs: 600_000, now: () => performance.now() })
  const narrow = await startWorld({ turns })
  try {
    const asked = Array.from({ length: 40 }, () => personOf(narrow.baseUrl).signUp(newDevice()))
    const answers = await Promise.all(asked)
    const [opened, sentAway] = [201, 503].map((status) => answers.filter((answer) => answer.status === status))
    expect((opened?.length ?? 0) + (sentAway?.length ?? 0)).toBe(40)
    expect(opened?.length).toBeGreaterThanOrEqual(31)
    for (const { headers } of sentAway ?? []) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    const { kept } = await narrow.owner.one(
      z.object({ kept: z.int() }),
      sql`select count(*)::int as kept from chain_accounts.accounts`,
    )
    expect([kept, narrow.chain.queued.length]).toEqual([opened?.length, opened?.length])
  } finally {
    await narrow.stop()
  }
})

test('logins from one address are counted before any is judged', async () => {
  const judged: string[] = []
  const logins: Logins = {
    verify(_, { token }) {
      judged.push(fromUtf8(token.expose()))
      return Promise.resolve(invalidProviderToken())
    },
  }
  const few = await startWorld({ arrivals: 3, logins })
  try {
    const answers = []
    for (let asked = 0; asked < 5; asked++) {
      const one = personOf(few.baseUrl)
      answers.push((await (asked % 2 ? one.begin(newDevice()) : one.signUp(newDevice()))).status)
    }
    expect(answers).toEqual([401, 401, 401, 429, 429])
    expect(judged).toHaveLength(3)
  } finally {
    await few.stop()
  }
})

test('the same subject of another issuer is somebody else', async () => {
  let issuer = 'https://securetoken.google.com/demo'
  const logins: Logins = {
    verify: () => Promise.resolve({ provider: 'firebase' as const, issuer, subject: 'uid', emailVerified: false }),
  }
  const two = await startWorld({ logins })
  try {
    const [ann, phone] = [personOf(two.baseUrl), newDevice()]
    expect((await ann.signUp(phone)).status).toBe(201)
    issuer = 'https://securetoken.google.com/other'
    expect(refused(await ann.begin(phone))).toEqual([400, 'PleaseSignUp'])
    issuer = 'https://securetoken.google.com/demo'
    expect((await ann.begin(phone)).status).toBe(200)
  } finally {
    await two.stop()
  }
})

test('an identity that was pointed at another account opens neither', async () => {
  const [ann, ben, phone] = [person(), person(), newDevice()]
  await ann.signUp(phone)
  const { account } = bodyOf(await ben.signUp(newDevice()))
  const { id } = bodyOf(await ann.signUp(phone)).account
  await world.owner.run(sql`update chain_accounts.identities set account_id = ${account.id} where account_id = ${id}`)
  expect((await ann.signUp(phone)).status).toBe(500)
  expect((await ann.begin(phone)).status).toBe(500)
})
