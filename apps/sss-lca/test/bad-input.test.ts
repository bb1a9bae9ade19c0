import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { badLogin, canary, type Route, routes } from './bad-fields.ts'
import { badAskers, badQueries } from './bad-queries.ts'
import { type Asked, clientOf, newSeed, type Person, personOf, queryOf, startSssLca, type World } from './client.ts'
import { newEmail, newPhone, newShare } from './people.ts'
import { errorOf, invalid, openRefuser, type Refuser, type Told } from './refused.ts'

let world: World
let refuser: Refuser
let ann: Person
let login: Awaited<ReturnType<Person['login']>>
beforeAll(async () => {
  world = await startSssLca()
  refuser = openRefuser(world.app)
  ann = personOf(world, { email: newEmail() })
  await ann.put(newShare())
  login = await ann.login()
})
afterAll(async () => {
  await refuser.close()
  await world[Symbol.asyncDispose]()
})

const refuseAll: Refuser['refuseAll'] = (all, check) => refuser.refuseAll(all, check)
const ask = (asked: Asked) => clientOf(world.app.baseUrls[0] ?? '').ask(asked)

const good = ({ method, path, body, did, login: takesLogin }: Route, more: object = {}): Asked => ({
  method,
  path,
  ...(did && { vp: ann.vp() }),
  body: { ...(takesLogin && login), ...body, ...more },
})

describe.each(routes)('$method $path', (route) => {
  const fields = Object.entries({ ...route.bad, ...(route.login && badLogin) })

  test.each(fields)('tells a bad %s, and not what it was', async (field, values) => {
    await refuseAll(
      values.map((value) => good(route, { [field]: value })),
      ({ status, text, body }, index) => {
        const { issues, ...rest } = body as Told
        expect([status, JSON.stringify(rest)], `${field}, value ${String(index)}: ${text}`).toEqual([
          400,
          invalid(route.name),
        ])
        expect(issues?.length).toBeGreaterThan(0)
        for (const issue of issues ?? []) expect(Object.keys(issue)).toEqual(['path', 'code', 'message'])
      },
    )
  })

  test('takes JSON of an object, whole, in UTF-8', async () => {
    const broken = [`{"authToken":"${canary}`, `{"a":"${canary}"} {}`, `{"a":${canary}}`, '['.repeat(5000), 'undefined']
    await refuseAll(
      broken.map((body) => ({ ...good(route), body })),
      ({ status, text }) => expect([status, text]).toEqual([400, invalid(route.name)]),
    )
    const noObjects = ['null', `["${canary}"]`, `"${canary}"`, '7', 'true']
    await refuseAll(
      noObjects.map((body) => ({ ...good(route), body })),
      ({ status, body }) => expect([status, (body as Told).issues?.[0]?.path]).toEqual([400, []]),
    )
    const invalidUtf8 = Buffer.from(JSON.stringify(good(route).body))
      .toString('latin1')
      .replace('{', '{"x":"\xff",')
    const answer = await fetch(`${world.app.baseUrls[0] ?? ''}/api${route.path}`, {
      method: route.method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ann.vp()}` },
      body: Buffer.from(invalidUtf8, 'latin1'),
    })
    expect([answer.status, await answer.text()]).toEqual([400, invalid(route.name)])
  })

  test('takes no other media type', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/json; charset=utf-16',
      canary,
    ]
    const title = 'The request body has a media type that is not accepted here.'
    await refuseAll(
      types.map((type) => ({ ...good(route), headers: { 'content-type': type } })),
      ({ status, text }) =>
        expect([status, text]).toEqual([
          415,
          errorOf(415, { message: title, code: 'UNSUPPORTED_MEDIA_TYPE', path: route.name }),
        ]),
    )
  })

  test('takes no endless body', async () => {
    const title = 'The request body is too large.'
    await refuseAll([good(route, { more: canary.repeat(7_000) })], ({ status, text }) =>
      expect([status, text]).toEqual([
        413,
        errorOf(413, { message: title, code: 'PAYLOAD_TOO_LARGE', path: route.name }),
      ]),
    )
  })
})

const withDid = routes.filter(({ did }) => did)
const withLogin = routes.filter(({ login: takesLogin }) => takesLogin)

describe.each(withLogin)('$method $path, by a login that is none,', (route) => {
  test('is refused', async () => {
    const tokens = [
      canary,
      `${canary}.${canary}.${canary}`,
      `${login.authToken.slice(0, -40)}${canary}`,
      `${login.authToken}.x`,
    ]
    await refuseAll(
      tokens.map((authToken) => good(route, { authToken })),
      ({ status, text }) =>
        expect([status, text]).toEqual([
          401,
          errorOf(401, { message: 'Invalid Firebase token', code: 'UNAUTHORIZED', path: route.name }),
        ]),
    )
  })

  test('of a provider that nobody configured, is refused with 501', async () => {
    await refuseAll([good(route, { providerType: 'keycloak' })], ({ status, text }) =>
      expect([status, text]).toEqual([
        501,
        errorOf(501, { message: 'This login provider is not configured', code: 'NOT_IMPLEMENTED', path: route.name }),
      ]),
    )
  })
})

describe.each(withDid)('$method $path, by a presentation that is none,', (route) => {
  test('is refused', async () => {
    const [header = '', payload = '', signature = ''] = ann.vp().split('.')
    const otherSignature = personOf(world, { seed: newSeed() }).vp().split('.')[2] ?? ''
    const bearers = [
      undefined,
      '',
      canary,
      `Basic ${canary}`,
      `Bearer ${canary}`,
      `Bearer ${canary}.${canary}.${canary}`,
      `Bearer ${header}.${payload}.`,
      `Bearer ${header}.${payload}.${otherSignature}`,
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.${signature}`,
      `Bearer ${ann.vp(canary)}`,
    ]
    await refuseAll(
      bearers.map((authorization) => {
        const { vp: _, ...asked } = good(route)
        return { ...asked, ...(authorization !== undefined && { headers: { authorization } }) }
      }),
      ({ status, text }) =>
        expect([status, text]).toEqual([
          401,
          errorOf(401, { message: 'UNAUTHORIZED', code: 'UNAUTHORIZED', path: route.name }),
        ]),
    )
  })
})

const query = (path: string, more: Record<string, string>): Asked => ({
  method: 'GET',
  path: `${path}?${queryOf(more)}`,
  vp: ann.vp(),
})

describe('a query', () => {
  test.each(badQueries)('of $path, such as $more, is refused', async ({ path, name, more }) => {
    await refuseAll([query(path, more)], ({ status, body }) => {
      const { issues, ...rest } = body as Told
      expect([status, JSON.stringify(rest)]).toEqual([400, invalid(name)])
      expect(issues?.length).toBeGreaterThan(0)
    })
  })

  test('with a field twice, or a token without its provider, is refused', async () => {
    const twice = '/keys/recovery?type=passkey&type=phrase'
    const half = `/keys/recovery?type=passkey&authToken=${canary}`
    await refuseAll(
      [twice, half].map((path) => ({ method: 'GET', path })),
      ({ status, body }) => expect([status, (body as Told).message]).toEqual([400, 'Input validation failed']),
    )
  })

  test.each(badAskers)('by $who is refused', async ({ more, status, message }) => {
    const asked = ['/keys/recovery', '/keys/recovery-email'].map((path) => query(path, { ...more, type: 'passkey' }))
    await refuseAll(asked, (answer) => expect([answer.status, answer.body]).toMatchObject([status, { message }]))
  })
})

describe('what a client may rely on', () => {
  test('an error of input names each field', async () => {
    const { text } = await ask({ path: '/keys/auth-share', body: { providerType: canary, shareVersion: '1' } })
    expect(text).toBe(
      `${invalid('keys.getAuthShare').slice(0, -1)},"issues":[{"path":["authToken"],"code":"invalid_type","message":"Invalid input: expected string, received undefined"},{"path":["providerType"],"code":"invalid_value","message":"Invalid option: expected one of \\"firebase\\"|\\"supertokens\\"|\\"keycloak\\"|\\"oidc\\""}]}`,
    )
  })

  test('numbers may be texts, fields that nobody knows are ignored, media types may have a charset', async () => {
    const bo = personOf(world, { email: newEmail() })
    for (let version = 1; version <= 2; version++) await bo.put(newShare(), { [canary]: canary })
    expect((await bo.addMethod({ type: 'phrase', shareVersion: '2', [canary]: { canary } })).status).toBe(200)
    const asText = await bo.get({ shareVersion: '1', [canary]: [canary] })
    expect(asText.body).toMatchObject({ shareVersion: 2, recoveryMethods: [{ shareVersion: 2 }] })
    expect(asText.text).toBe((await bo.get({ shareVersion: 1 })).text)
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      const body = await bo.login()
      expect((await bo.ask({ path: '/keys/auth-share', headers: { 'content-type': type }, body })).status).toBe(200)
    }
  })

  test('shares, methods and credentials come back as they were, whatever they are', async () => {
    const bo = personOf(world, { email: newEmail() })
    const odd = `"\\ \u0000 \ud800 \u2028 🔑`
    const authShare = { encryptedData: odd, encryptedDek: odd, iv: odd }
    expect((await bo.put('', { authShare })).status).toBe(200)
    expect((await bo.get()).body).toMatchObject({ authShare })
    const credentialId = `🔑 ' " \\ +/=`
    await bo.addMethod({ type: 'passkey', credentialId, encryptedShare: odd })
    expect((await bo.readMethod({ type: 'passkey', credentialId })).body).toEqual({ encryptedShare: odd })
  })

  test('the DID of one account with the login of another is refused, and neither is changed', async () => {
    const bo = personOf(world, { email: newEmail() })
    await bo.put(newShare())
    const body = { ...(await bo.login()), authShare: { encryptedData: canary, encryptedDek: '', iv: '' } }
    const { status, text } = await ask({ method: 'PUT', path: '/keys/auth-share', vp: ann.vp(), body })
    expect([status, text]).toEqual([
      403,
      errorOf(403, { message: 'The account belongs to another DID.', code: 'FORBIDDEN', path: 'keys.storeAuthShare' }),
    ])
    for (const person of [ann, bo])
      expect((await person.get()).body).toMatchObject({ primaryDid: person.did, shareVersion: 1 })
  })

  test('a login without contact has its own refusal', async () => {
    const authToken = await world.issuer.issueToken({ email: newEmail(), emailVerified: false })
    await refuseAll(
      withLogin.map((route) => good(route, { authToken })),
      ({ status, body }) =>
        expect([status, body]).toMatchObject([
          400,
          { message: 'User must have an email or phone number', code: 'BAD_REQUEST' },
        ]),
    )
    expect((await personOf(world, { phone: newPhone() }).get()).status).toBe(200)
  })
})

const notFound = '{"message":"Not found","code":"NOT_FOUND","data":{"code":"NOT_FOUND","httpStatus":404}}'
test.each([
  ['GET', ''],
  ['GET', `/${canary}`],
  ['GET', `/${canary}?${canary}=${canary}`],
  ['GET', '/keys/auth-share'],
  ['DELETE', '/keys'],
  ['DELETE', '/keys/auth-share'],
  ['PATCH', '/keys/auth-share'],
  ['POST', '/keys/auth-share/'],
  ['POST', '/KEYS/auth-share'],
  ['POST', '//keys/auth-share'],
  ['POST', '/keys/recovery-email'],
  ['POST', '/keys/start-over/'],
  ['POST', '/challenges'],
  ['POST', '/health-check'],
  ['OPTIONS', '/keys/auth-share'],
  ['PUT', '/qr-login/session'],
  ['GET', '/qr-login/session'],
  ['GET', '/qr-login/session/a/b'],
  ['POST', '/qr-login/session/a'],
  ['POST', '/qr-login/session//approve'],
  ['GET', '/qr-login/devices'],
])('%s /api%s is no route', async (method, path) => {
  await refuseAll(
    [{ method, path, headers: { cookie: canary, referer: `https://${canary}.example` } }],
    ({ status, text }) => expect([status, text]).toEqual([404, notFound]),
  )
})

test('a header may be anything: no answer and no log has it', async () => {
  const headers = { 'x-tenant-id': canary.repeat(9), 'x-poll-token': canary, cookie: canary, 'user-agent': canary }
  const mails = routes.filter(({ name }) => /emailBackup|addRecoveryEmail|sendLogin/.test(name))
  await refuseAll(
    mails.map((route) => ({ ...good(route), headers })),
    ({ status, body }) => expect([status, (body as Told).issues?.[0]?.path]).toEqual([400, ['x-tenant-id']]),
  )
  expect((await ask({ method: 'GET', path: `/qr-login/session/${canary}`, headers })).status).toBe(404)
})

test('after all that, the log has no field, no header, and no token or presentation that was good', async () => {
  const log = await world.app.log()
  expect(log).toContain('"field":"body authToken"')
  for (const secret of [canary, login.authToken, ann.vp(), ann.vp().slice(-40)]) expect(log).not.toContain(secret)
})
