import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canary, key, routes } from './bad-fields.ts'
import { type Answered, type Asked, clientOf, errorOf, startMpcAuth, type User, userOf, type World } from './client.ts'

let world: World
let ann: User
let token: string
beforeAll(async () => {
  world = await startMpcAuth()
  ann = userOf(world, `user-${canary}`)
  await ann.register()
  token = await ann.token()
})
afterAll(() => world[Symbol.asyncDispose]())

const headers = { cookie: canary, referer: `https://${canary}.example`, 'user-agent': canary, 'x-request-id': canary }
const stateOf = () =>
  world.app
    .sql(`select (select count(*) from key_shares.users) as users, (select count(*) from key_shares.devices) as devices,
    (select count(*) from key_shares.faces) as faces, (select count(*) from key_shares.face_scans) as scans,
    (select count(*) from key_shares.challenges) as challenges, (select count(*) from audit.events) as events`)

/** Asks all of them; nothing may have been stored, and no answer repeats what was sent. */
async function refuseAll(all: readonly Asked[], check: (answer: Answered, index: number) => void): Promise<void> {
  const before = await stateOf()
  const ask = clientOf(world.app.baseUrls[0] ?? '')
  for (const [index, asked] of all.entries()) {
    const answer = await ask({ token, ...asked, headers: { ...headers, ...asked.headers } })
    check(answer, index)
    expect(answer.text).not.toContain(canary)
    expect(JSON.stringify([...answer.headers])).not.toContain(canary)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  }
  expect(await stateOf()).toEqual(before)
}

describe.each(routes)('$method $path', ({ method, path, body, bad }) => {
  test.each(Object.entries(bad))('tells a bad %s, and not what it was', async (field, { values, answer }) => {
    await refuseAll(
      values.map((value) => ({ method, path, body: { ...body, [field]: value } })),
      ({ status, text }, index) => {
        expect([status, text], `${field}, value ${String(index)}`).toEqual([400, expect.stringMatching(answer)])
      },
    )
  })

  test('takes JSON of an object, whole, in UTF-8', async () => {
    const bodies = [
      `{"a":"${canary}`,
      `{"a":"${canary}"} {}`,
      `{"a":${canary}}`,
      '['.repeat(5000),
      'null',
      `["${canary}"]`,
      `"${canary}"`,
      '7',
    ]
    await refuseAll(
      bodies.map((text) => ({ method, path, body: text })),
      ({ status, text }) => expect([status, text]).toEqual([400, errorOf(100801, 'Request validation failed: body')]),
    )
  })

  test('takes no other media type', async () => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', canary]
    await refuseAll(
      types.map((type) => ({ method, path, body: body ?? {}, headers: { 'content-type': type } })),
      ({ status, text }) => expect([status, text]).toEqual([415, errorOf(100803, 'Media type not supported')]),
    )
  })

  test('takes no endless body', async () => {
    await refuseAll([{ method, path, body: { ...body, more: canary.repeat(900_000) } }], ({ status, text }) =>
      expect([status, text]).toEqual([413, errorOf(100803, 'Request body too large')]),
    )
  })

  test('asks for a token first where all else is good', async () => {
    await refuseAll(
      [undefined, canary, `${canary}.${canary}.${canary}`, `${token}${canary}`].map((bearer) => ({
        method,
        path,
        token: bearer,
        body: body ?? {},
      })),
      ({ status }) => expect(status).toBe(401),
    )
  })
})

test.each(['GET', 'DELETE'])('%s with a bad key in its path is refused', async (method) => {
  const below = method === 'GET' ? '/auth/devices/challenge' : '/v2/devices'
  await refuseAll(
    [canary, `${key}${canary}`, key.slice(2), `0x${key}`, '%00', '%ff'].map((one) => ({
      method,
      path: `${below}/${one}`,
    })),
    ({ status, text }) => expect([status, text]).toEqual([400, errorOf(100403, 'Invalid device verifying key')]),
  )
})

test('a user agent that a header cannot carry on is refused', async () => {
  await refuseAll(
    [`${canary}\u00e4`, canary.repeat(103)].map((agent) => ({
      path: '/auth/face/session-token',
      headers: { 'x-user-agent': agent },
    })),
    ({ status, text }) =>
      expect([status, text]).toEqual([400, errorOf(100801, 'Request validation failed: header x-user-agent')]),
  )
})

test('scans as large as a body may be are judged', async () => {
  const scan = { audit_trail_image: 'AAAA', low_quality_audit_trail_image: 'AAAA' }
  const large = 'A'.repeat(8 * 1_048_576 - 400)
  const { status, text } = await ann.send('POST', '/v2/keyshare/recover', { key_ids: ['k'], ...scan, face_scan: large })
  expect([status, text]).toEqual([403, errorOf(100701, 'Face not registered')])
  const broken = { ...scan, face_scan: `${large.slice(4)}AAA!` }
  const refused = await ann.send('POST', '/v2/keyshare/recover', { key_ids: ['k'], ...broken })
  expect([refused.status, refused.text]).toEqual([400, errorOf(100708, 'Invalid or incomplete face fields')])
})

test('fields that nobody knows are ignored', async () => {
  const { status } = await ann.send('POST', '/auth/users/register', { [canary]: canary, display_name: canary })
  expect(status).toBe(200)
  expect((await ann.send('POST', '/auth/users/register')).status).toBe(200)
})

const notFound = [404, errorOf(100802, 'Route not found')]
const wrongMethod = [405, errorOf(100803, 'Method not allowed')]
test.each<[string, string, unknown[]]>([
  ['GET', '/', notFound],
  ['GET', `/${canary}`, notFound],
  ['GET', `/${canary}?${canary}=${canary}`, notFound],
  ['GET', '/v2/keys/', notFound],
  ['GET', '/V2/keys', notFound],
  ['GET', '//v2/keys', notFound],
  ['GET', '/v2/devices/a/b', notFound],
  ['POST', '/hooks/dkg-setup', notFound],
  ['POST', '/v2/keys', wrongMethod],
  ['OPTIONS', '/v2/keys', wrongMethod],
  ['PATCH', '/transactions', wrongMethod],
  ['GET', '/v2/keyshare/backup', wrongMethod],
  ['GET', '/auth/users/register', wrongMethod],
  ['PUT', '/auth/devices/register', wrongMethod],
])('%s %s is none of ours', async (method, path, expected) => {
  await refuseAll([{ method, path }], ({ status, text }) => expect([status, text]).toEqual(expected))
})

test('whatever these tests sent, no line of the log has it: neither a field nor a header, and no token', async () => {
  const log = await world.app.log()
  for (const secret of [canary, token, token.slice(-40)]) expect(log).not.toContain(secret)
  expect(log).not.toContain('"level":50')
})
