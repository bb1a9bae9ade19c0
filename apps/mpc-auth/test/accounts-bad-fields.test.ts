import { handlers } from '@strongroom/chain-accounts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { canary, nobodys, publicKey, routes, withField } from './accounts-fields.ts'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { type Answered, type Asked, clientOf } from './client.ts'

let world: AccountsWorld
let tokens: Readonly<Record<string, string>>
beforeAll(async () => {
  world = await startAccounts()
  const [ann, phone] = [personOf(world), newKey()]
  const { credentials } = signedIn(await ann.signUp(phone))
  const stands = async () => {
    if ((await ann.signIn(phone)).status !== 200) throw new Error('the account does not stand yet')
  }
  await vi.waitFor(stands, { timeout: 60_000, interval: 200 })
  const asked = { request: ann.login, userKey: { type: 'device', publicKey: newKey().publicKey } }
  const { body } = await ann.post('/auth/v1/signin/2fa', asked)
  const { ephemeralAccessToken: waiting } = body as { ephemeralAccessToken: string }
  tokens = { accountToken: credentials.accessToken, anyToken: credentials.accessToken, requestToken: waiting }
})
afterAll(() => world[Symbol.asyncDispose]())

const endpoints = handlers.map(({ endpoint }) => endpoint)
const proofOf = ({ proof }: (typeof endpoints)[number]): string => (proof && 'name' in proof ? proof.name : '')
const tokenFor = (method: string, route: string) => {
  const found = endpoints.find((one) => one.method === method && one.path === route)
  return found && tokens[proofOf(found)]
}
const patternOf = (route: string) => new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+').replaceAll('.', '\\.')}$`)
const asPath = (route: string) => route.replace(':publicKey', publicKey).replace(':id', nobodys)

const tables = ['accounts', 'identities', 'keys', 'addresses', 'challenges', 'two_factor_requests', 'signer_changes']
const rest = ['recoveries', 'relayed', 'token_families', 'refresh_tokens']
const stateOf = () =>
  world.app.sql(
    `select ${[...tables, ...rest].map((name) => `(select count(*)::int from chain_accounts.${name}) as ${name}`).join(', ')},
            (select count(*)::int from chains.transactions) as transactions`,
  )

const headers = { cookie: canary, referer: `https://${canary}.example`, 'user-agent': canary, 'x-request-id': canary }

/** Asks all of them; nothing may have been stored, and no answer repeats what was sent. */
async function refuseAll(all: readonly Asked[], check: (answer: Answered, index: number) => void): Promise<void> {
  const before = await stateOf()
  const ask = clientOf(world.app.baseUrls[0] ?? '')
  for (const [index, asked] of all.entries()) {
    const answer = await ask({ ...asked, headers: { ...headers, ...asked.headers } })
    check(answer, index)
    expect(answer.text).not.toContain(canary)
    expect(JSON.stringify([...answer.headers])).not.toContain(canary)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  }
  expect(await stateOf()).toEqual(before)
}

test('every endpoint that takes a body is tried here', () => {
  const taking = endpoints.filter(({ body }) => body !== undefined).map(({ method, path }) => `${method} ${path}`)
  expect([...new Set(routes.map(({ method, route }) => `${method} ${route}`))].toSorted()).toEqual(taking.toSorted())
})

describe.each(routes)('$method $route', ({ method, path, route, body, bad }) => {
  const send = (asked: Omit<Asked, 'path'>): Asked => ({ method, path, token: tokenFor(method, route), ...asked })

  test.each(Object.entries(bad))('tells a bad %s by name, and not what it was', async (field, [values, name]) => {
    await refuseAll(
      values.map((value) => send({ body: withField(body, field, value) })),
      (answer, index) => {
        const [status, told] = refused(answer)
        expect([status, [name].flat(), index]).toEqual([400, expect.arrayContaining([told]), index])
      },
    )
  })

  test('takes JSON of an object, whole, in UTF-8, and no other media type', async () => {
    const texts = [
      `{"a":"${canary}`,
      `{"a":"${canary}"} {}`,
      `{"a":${canary}}`,
      '['.repeat(5000),
      'null',
      `["${canary}"]`,
      `"${canary}"`,
      '7',
      `\ufeff\ufeff{"a":"${canary}"}`,
      '\u0000{}',
    ]
    await refuseAll(
      texts.map((text) => send({ body: text })),
      (answer) => expect(answer.status).toBe(400),
    )
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', canary]
    await refuseAll(
      types.map((type) => send({ body, headers: { 'content-type': type } })),
      (answer) => expect(refused(answer)).toEqual([415, 'UnsupportedMediaType']),
    )
  })

  test('takes no endless body', async () => {
    await refuseAll([send({ body: { ...body, more: canary.repeat(20_000) } })], (answer) =>
      expect(refused(answer)).toEqual([413, 'RequestTooLarge']),
    )
  })
})

test('calls as deep as JSON goes, or named after what every object has, are decoded by nobody', async () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const calls = [
    `{"evm":${deep(50_000)}}`,
    `{"evm":{"domain":${deep(40_000)},"message":{}}}`,
    `{"evm":{"domain":{"chainId":1,"verifyingContract":"0x${'00'.repeat(20)}"},"message":${deep(200)}}}`,
    '{"__proto__":{"evm":{}},"constructor":{"prototype":{}}}',
    `{"evm":{"domain":{},"message":{"calls":[${Array.from({ length: 5_000 }, () => '{}').join()}]}}}`,
  ]
  const signatures = JSON.stringify([{ publicKey, signature: 'ab'.repeat(64) }])
  await refuseAll(
    calls.map((call) => ({
      method: 'POST',
      path: '/sign/v1/evm/transaction',
      token: tokens['accountToken'],
      body: `{"chainName":"local","call":${call},"signatures":${signatures}}`,
    })),
    (answer) => expect(refused(answer)).toEqual([400, 'InvalidRequest']),
  )
})

test('every endpoint that wants a token tells nothing without one of that kind', async () => {
  const good = new Map(routes.map(({ method, route, body }) => [`${method} ${route}`, body]))
  const guarded = endpoints.filter((one) => proofOf(one) in tokens)
  expect(guarded.length).toBeGreaterThan(20)
  const { accountToken = '', requestToken = '' } = tokens
  for (const one of guarded) {
    const [{ method, path: route }, proof] = [one, proofOf(one)]
    const others = proof === 'anyToken' ? [] : [proof === 'accountToken' ? requestToken : accountToken]
    const forged = `${accountToken.slice(0, -4)}${accountToken.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    const bearers = [undefined, canary, `${canary}.${canary}.${canary}`, `${accountToken}${canary}`, forged, ...others]
    const body = good.get(`${method} ${route}`)
    await refuseAll(
      bearers.map((token) => ({ method, path: asPath(route), token, ...(body && { body }) })),
      (answer) => expect([...refused(answer), route]).toEqual([401, 'InvalidToken', route]),
    )
  }
})

test('another method, or another spelling of an address, is none of ours', async () => {
  const paths = [...new Set(endpoints.map(({ path }) => path))]
  for (const route of paths) {
    const isServed = (method: string) =>
      endpoints.some((one) => one.method === method && patternOf(one.path).test(asPath(route)))
    const wrong = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !isServed(method))
    expect(wrong.length).toBeGreaterThan(2)
    await refuseAll(
      wrong.map((method) => ({ method, path: asPath(route), token: tokens['accountToken'] })),
      (answer) => expect([...refused(answer), route]).toEqual([405, 'MethodNotAllowed', route]),
    )
    const path = asPath(route)
    const method = endpoints.find((one) => one.path === route)?.method ?? 'GET'
    const spellings = [
      `${path}/`,
      `/${path}`,
      path.toUpperCase(),
      `${path}%2f`,
      `${path}/${canary}/${canary}/x`,
      `${path};a=b`,
    ]
    await refuseAll(
      spellings.map((one) => ({ method, path: one, token: tokens['accountToken'] })),
      (answer) =>
        expect([answer.status, route]).toEqual([
          expect.toSatisfy((status) => [400, 404, 405].includes(status as number)),
          route,
        ]),
    )
  }
})

test.each(['/device/v1/devices/', '/key/v1/keys/'])('%s with a bad key behind it is refused', async (below) => {
  const bad = [
    canary,
    publicKey.slice(2),
    `0x${publicKey}`,
    `04${publicKey}`,
    '%00',
    '%ff',
    '%f0%9f%94%91',
    'ab'.repeat(64),
  ]
  await refuseAll(
    bad.map((one) => ({
      method: below.startsWith('/key') ? 'DELETE' : 'PUT',
      path: `${below}${one}`,
      token: tokens['accountToken'],
      ...(below.startsWith('/device') && { body: { name: 'x' } }),
    })),
    (answer) => expect(refused(answer)).toEqual([400, 'InvalidPublicKey']),
  )
})

test('fields that nobody knows are ignored, and make nobody another', async () => {
  const ann = personOf(world)
  const more = JSON.parse(
    `{"accountId":"${nobodys}","__proto__":{"keyId":"${nobodys}"},"${canary}":"${canary}"}`,
  ) as object
  const phone = newKey()
  const { account } = await ann.settle(phone, more)
  expect(account.id).not.toBe(nobodys)
})

test('whatever these tests sent, no line of the log has it, and none of it was a bug of ours', async () => {
  const log = await world.app.log()
  for (const secret of [canary, ...Object.values(tokens)]) expect(log).not.toContain(secret)
  expect(log).not.toContain('"level":50')
})
