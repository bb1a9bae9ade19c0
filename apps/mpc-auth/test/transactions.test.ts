import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, newDevice, newKeyId, nodeOf, startMpcAuth, type User, userOf, type World } from './client.ts'

let world: World
beforeAll(async () => {
  world = await startMpcAuth()
})
afterAll(() => world[Symbol.asyncDispose]())

interface Page {
  readonly transactions: readonly Record<string, unknown>[]
  readonly next_cursor: string | null
}

async function registered(): Promise<{ user: User; userId: string }> {
  const user = userOf(world)
  const { user_id: userId } = (await user.register()).body as { user_id: string }
  return { user, userId }
}

/** As many as are wanted, in five moments: most are of the same time as many others. */
const fill = (userId: string, count: number) =>
  world.app
    .sql(`insert into key_shares.transactions (id, user_id, type, status, key_id, verifying_key, instance, created_at)
    select gen_random_uuid(), '${userId}', case when n % 3 = 0 then 'keygen' else 'sign' end,
           (array['approved', 'rejected', 'completed'])[1 + n % 3], 'key-' || n % 7, '\\x04', repeat('0', 64),
           timestamptz '2026-01-15T10:30:00.123456Z' + make_interval(secs => (n % 5) * 0.000001)
      from generate_series(1, ${String(count)}) as n`)

const pageOf = async (user: User, query: Record<string, string>): Promise<Page> =>
  (await user.get(`/transactions?${new URLSearchParams(query).toString()}`)).body as Page

async function pagesOf(user: User, query: Record<string, string>, between = async () => {}): Promise<unknown[]> {
  const ids: unknown[] = []
  let cursor: string | null | undefined
  do {
    const page = await pageOf(user, { ...query, ...(cursor && { cursor }) })
    ids.push(...page.transactions.map((one) => one['transaction_id']))
    cursor = page.next_cursor
    await between()
  } while (cursor !== null)
  return ids
}
const idsOf = async (userId: string, where = 'true') =>
  (
    await world.app.sql(
      `select id from key_shares.transactions where user_id = '${userId}' and ${where} order by created_at desc, id desc`,
    )
  ).map(({ id }) => id)

test('pages of any size have every transaction once, newest first, also where many are of one moment', async () => {
  const { user, userId } = await registered()
  await fill(userId, 250)
  const all = await idsOf(userId)
  for (const limit of ['100', '83', '50', '7']) expect(await pagesOf(user, { limit })).toEqual(all)
  expect((await pageOf(user, {})).transactions).toHaveLength(20)
})

test('what comes while somebody turns pages moves nothing', async () => {
  const { user, userId } = await registered()
  await fill(userId, 60)
  const all = await idsOf(userId)
  const add = async () => {
    await world.app.sql(`insert into key_shares.transactions (id, user_id, type, status, verifying_key, instance)
      values (gen_random_uuid(), '${userId}', 'sign', 'approved', '\\x04', 'x')`)
  }
  expect(await pagesOf(user, { limit: '25' }, add)).toEqual(all)
})

test('filters are joined, and pages keep to them', async () => {
  const { user, userId } = await registered()
  await fill(userId, 250)
  const filters: [Record<string, string>, string][] = [
    [{ type: 'keygen' }, "type = 'keygen'"],
    [{ status: 'rejected' }, "status = 'rejected'"],
    [{ key_id: 'key-3' }, "key_id = 'key-3'"],
    [
      { key_id: 'key-3', type: 'sign', status: 'completed' },
      "key_id = 'key-3' and type = 'sign' and status = 'completed'",
    ],
    [{ key_id: 'key-none' }, 'false'],
  ]
  for (const [query, where] of filters)
    expect(await pagesOf(user, { ...query, limit: '9' })).toEqual(await idsOf(userId, where))
})

test('one is told with all that is known of it', async () => {
  const { user } = await registered()
  const phone = newDevice()
  await user.addDevice(phone)
  const keyId = newKeyId()
  const node = nodeOf(world)
  await node.keygen(phone, keyId)
  const message = randomBytes(32).toString('hex')
  await node.sign(phone, keyId, { message: [message], sign_alg: ['ecdsa'], chain_path: ['m'] })
  const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const shared = {
    transaction_id: expect.any(String),
    key_id: keyId,
    device_verifying_key: phone.key,
    instance: expect.stringMatching(/^[0-9a-f]{64}$/),
    reject_reason: null,
    created_at: date,
  }
  const unsaid = { sign_alg: null, chain_path: null, message: null }
  expect(await pageOf(user, {})).toEqual({
    transactions: [
      { ...shared, type: 'sign', status: 'approved', sign_alg: 'ecdsa', chain_path: 'm', message, completed_at: null },
      { ...shared, type: 'keygen', status: 'completed', completed_at: date, ...unsaid },
    ],
    next_cursor: null,
  })
})

test('what a setup says is listed where it is what it should be', async () => {
  const { user } = await registered()
  const phone = newDevice()
  await user.addDevice(phone)
  const keyId = await user.addKey(phone)
  const node = nodeOf(world)
  const message = randomBytes(32).toString('hex')
  await node.sign(phone, keyId, { message: [message], sign_alg: ['eddsa'], chain_path: ['m/0/1'] })
  await node.sign(phone, keyId, { message: ['no hex'], sign_alg: ['rsa'], chain_path: ['/etc'] })
  expect((await user.transactions()).slice(0, 2)).toMatchObject([
    { message: null, sign_alg: null, chain_path: null, status: 'approved' },
    { message, sign_alg: 'eddsa', chain_path: 'm/0/1', status: 'approved' },
  ])
})

test('of somebody else none are told, whoever’s cursor it is', async () => {
  const [ann, ben] = [await registered(), await registered()]
  await fill(ann.userId, 30)
  await fill(ben.userId, 30)
  const { next_cursor: cursor } = await pageOf(ann.user, { limit: '5' })
  const { transactions } = await pageOf(ben.user, { limit: '100', cursor: cursor ?? '' })
  const own = new Set(await idsOf(ben.userId))
  expect(transactions.length).toBeGreaterThan(0)
  for (const one of transactions) expect(own).toContain(one['transaction_id'])
})

const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const id = '00000000-0000-4000-8000-000000000000'

describe('a query is refused', () => {
  test.each([
    ['cursor', 'canary'],
    ['cursor', ''],
    ['cursor', 'x'.repeat(257)],
    ['cursor', cursorOf(['2026-01-15T10:30:00.123456Z'])],
    ['cursor', cursorOf(['2026-01-15T10:30:00.123456Z', 'canary'])],
    ['cursor', cursorOf(['2026-13-15T10:30:00.123456Z', id])],
    ['cursor', cursorOf(['2026-02-30T10:30:00.123456Z', id])],
    ['cursor', cursorOf(['2026-01-15T25:30:00.123456Z', id])],
    ['cursor', cursorOf(['2026-01-15T::::::::Z', id])],
    ['cursor', cursorOf(['0000-01-15T10:30:00.123456Z', id])],
    ['cursor', cursorOf(['infinity', id])],
    ['cursor', cursorOf({ at: 'canary' })],
    ['cursor', `${cursorOf(['2026-01-15T10:30:00.123456Z', id])}=`],
    ['limit', '0'],
    ['limit', '101'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['limit', '1e1'],
    ['limit', ''],
    ['limit', 'canary'],
    ['type', 'canary'],
    ['status', 'canary'],
    ['key_id', 'a\u0000canary'],
    ['key_id', ''],
    ['key_id', 'k'.repeat(129)],
  ])('with %s=%j', async (name, value) => {
    const { user } = await registered()
    const { status, text } = await user.get(`/transactions?${new URLSearchParams({ [name]: value }).toString()}`)
    expect([status, text]).toEqual([400, errorOf(100801, `Request validation failed: query ${name}`)])
  })

  test('with a field twice', async () => {
    const { user } = await registered()
    const { status, text } = await user.get('/transactions?type=sign&type=keygen')
    expect([status, text]).toEqual([400, errorOf(100801, 'Request validation failed: query type')])
  })
})
