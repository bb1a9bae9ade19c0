import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type Issuer, startIssuer } from '@strongroom/issuer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, personOf, queryOf, startSssLca, type World } from './client.ts'
import { keepPort } from './kept-port.ts'
import { newEmail, newPhone, newShare } from './people.ts'

let world: World
/** Another company's issuer, which this server believes too: as its Keycloak. */
let second: Issuer
/** One that this server was never told of. */
let stranger: Issuer
beforeAll(async () => {
  ;[second, stranger] = await Promise.all([startIssuer(), startIssuer()])
  world = await startSssLca({ settings: { KEYCLOAK_ISSUER: second.url, KEYCLOAK_AUDIENCE: second.audience } })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all([second.close(), stranger.close()])
})

const base = () => world.app.baseUrls[0] ?? ''
const get = (authToken: string, providerType: string, baseUrl = base()) =>
  clientOf(baseUrl).ask({ path: '/keys/auth-share', body: { authToken, providerType } })
const put = (vp: string, login: object) =>
  clientOf(base()).ask({
    method: 'PUT',
    path: '/keys/auth-share',
    vp,
    body: { ...login, authShare: { encryptedData: newShare(), encryptedDek: '', iv: '' } },
  })

describe('a login by OpenID Connect', () => {
  test('keeps a record as Firebase’s does', async () => {
    const email = newEmail()
    const { vp } = personOf(world)
    const authToken = await world.issuer.issueToken({ email, provider: 'oidc' })
    expect((await put(vp(), { authToken, providerType: 'oidc' })).body).toEqual({ success: true, shareVersion: 1 })
    expect((await get(authToken, 'oidc')).body).toMatchObject({ exists: true, shareVersion: 1 })
  })

  test('proves no phone number that the provider did not prove', async () => {
    const authToken = await world.issuer.issueToken({ phone: newPhone(), provider: 'oidc' })
    const { status, body } = await get(authToken, 'oidc')
    expect([status, body]).toMatchObject([400, { message: 'User must have an email or phone number' }])
  })

  test('is told by its own name what it lacks', async () => {
    const names = { firebase: 'Firebase', keycloak: 'Keycloak', oidc: 'OIDC' }
    for (const [providerType, name] of Object.entries(names)) {
      const { status, body } = await get('a.b.c', providerType)
      expect([status, body]).toMatchObject([401, { message: `Invalid ${name} token`, code: 'UNAUTHORIZED' }])
    }
    const { status, body } = await get('a.b.c', 'supertokens')
    expect([status, body]).toMatchObject([501, { code: 'NOT_IMPLEMENTED' }])
  })
})

interface Token {
  readonly header: Record<string, unknown>
  readonly payload: Record<string, unknown>
  readonly signature: string
}

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
function readToken(token: string): Token {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return { header: read(header), payload: read(payload), signature }
}
const signed = ({ header, payload }: Pick<Token, 'header' | 'payload'>, how: (text: string) => Buffer) => {
  const text = `${encode(header)}.${encode(payload)}`
  return `${text}.${how(text).toString('base64url')}`
}
const { privateKey: foreignKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const withKey = (key: KeyObject) => (text: string) => sign('sha256', Buffer.from(text), key)

async function publicKeys() {
  const answer = await fetch(world.issuer.keysUrl)
  const { keys } = (await answer.json()) as { keys: Record<string, string>[] }
  return keys
}

const forgeries: readonly [string, (token: string) => string | Promise<string>][] = [
  ['without a signature (alg none)', (token) => `${encode({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1] ?? ''}.`],
  [
    'that says none, and keeps the signature',
    (token) => {
      const { header, payload, signature } = readToken(token)
      return `${encode({ ...header, alg: 'none' })}.${encode(payload)}.${signature}`
    },
  ],
  [
    'MACed with the public key (HS256)',
    async (token) => {
      const { header, payload } = readToken(token)
      const key = (await publicKeys()).find(({ kid }) => kid === header['kid'])
      const mac = (text: string) => createHmac('sha256', JSON.stringify(key)).update(text).digest()
      return signed({ header: { ...header, alg: 'HS256' }, payload }, mac)
    },
  ],
  ['signed by somebody else under the issuer’s key id', (token) => signed(readToken(token), withKey(foreignKey))],
  [
    'that brings its own key',
    (token) => {
      const { header, payload } = readToken(token)
      const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const brought = { ...header, alg: 'RS256', kid: 'mine', jwk: jwk.publicKey.export({ format: 'jwk' }) }
      return signed({ header: brought, payload }, withKey(jwk.privateKey))
    },
  ],
  [
    'about somebody else',
    (token) => {
      const { header, payload, signature } = readToken(token)
      return `${encode(header)}.${encode({ ...payload, email: newEmail() })}.${signature}`
    },
  ],
]

describe.each(['firebase', 'oidc'] as const)('of %s', (provider) => {
  const refused = [
    401,
    { code: 'UNAUTHORIZED', message: expect.stringMatching(/^Invalid (Firebase|OIDC) token$/) as unknown },
  ]
  const issue = (more: object) => world.issuer.issueToken({ email: newEmail(), provider, ...more })

  test('the issuer’s own is taken', async () => {
    expect((await get(await issue({}), provider)).status).toBe(200)
  })

  test.each(forgeries)('a token %s is refused', async (_, forge) => {
    const { status, body } = await get(await forge(await issue({})), provider)
    expect([status, body]).toMatchObject(refused)
  })

  test.each([
    ['for another audience', () => issue({ audience: 'another-project' })],
    ['that has expired', () => issue({ lifetime: -120 })],
    ['of another issuer', () => stranger.issueToken({ email: newEmail(), provider })],
  ])('a token %s is refused', async (_, made) => {
    const { status, body } = await get(await made(), provider)
    expect([status, body]).toMatchObject(refused)
  })
})

test('a token of one issuer is none of another’s, whatever the caller calls it', async () => {
  const mine = await world.issuer.issueToken({ email: newEmail(), provider: 'oidc' })
  const theirs = await second.issueToken({ email: newEmail(), provider: 'oidc' })
  expect((await get(mine, 'oidc')).status).toBe(200)
  expect((await get(theirs, 'keycloak')).status).toBe(200)
  expect((await get(mine, 'keycloak')).status).toBe(401)
  expect((await get(theirs, 'oidc')).status).toBe(401)
})

describe('the same address at a second issuer', () => {
  test('opens nothing, changes nothing, and the owner is told', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    expect((await ann.put(newShare())).status).toBe(200)
    const authToken = await second.issueToken({ email, subject: 'somebody-else', provider: 'oidc' })
    const login = { authToken, providerType: 'keycloak' }
    const mallory = personOf(world)
    const asked = (method: string, path: string, more: object = {}) =>
      ann.ask({ method, path, vp: mallory.vp(), body: { ...login, ...more } })
    const answers = await Promise.all([
      get(authToken, 'keycloak'),
      ann.ask({ method: 'GET', path: `/keys/recovery?${queryOf({ ...login, type: 'passkey' })}` }),
      ann.ask({ method: 'GET', path: `/keys/recovery-email?${queryOf(login)}` }),
      put(mallory.vp(), login),
      asked('POST', '/keys/delete'),
      asked('POST', '/keys/recovery', { type: 'phrase' }),
      asked('POST', '/keys/recovery-email/add', { email: newEmail() }),
      ann.ask({ path: '/keys/migrate', body: login }),
      ann.ask({ path: '/keys/email-backup', body: { ...login, emailShare: `0001${newShare()}`, email } }),
      ann.ask({ path: '/keys/start-over', vp: mallory.vp(await mallory.challenge()), body: login }),
    ])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403))
    expect((await ann.get()).body).toMatchObject({ primaryDid: ann.did, shareVersion: 1, recoveryMethods: [] })
  })

  test('opens it once the DID of the record has signed a challenge', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    await ann.put(newShare())
    const login = { authToken: await second.issueToken({ email, provider: 'oidc' }), providerType: 'keycloak' }
    expect((await get(login.authToken, 'keycloak')).status).toBe(403)
    const vp = ann.vp(await ann.challenge())
    expect((await ann.ask({ path: '/keys/auth-share', vp, body: login })).status).toBe(200)
    expect((await get(login.authToken, 'keycloak')).body).toMatchObject({ shareVersion: 1 })
  })
})

test('while an issuer was never reached its logins wait, the others go on, and it is taken up when it comes', async () => {
  const first = await startIssuer()
  const port = Number(new URL(first.url).port)
  await first.close()
  const kept = await keepPort(port)
  const { baseUrl } = await world.app.spawn({ SUPERTOKENS_ISSUER: first.url, SUPERTOKENS_AUDIENCE: first.audience })
  const early = await second.issueToken({ email: newEmail(), provider: 'oidc' })
  const { status, body, headers } = await get(early, 'supertokens', baseUrl)
  expect([status, body]).toMatchObject([503, { code: 'SERVICE_UNAVAILABLE', data: { path: 'keys.getAuthShare' } }])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await get(await world.issuer.issueToken({ email: newEmail() }), 'firebase', baseUrl)).status).toBe(200)
  await kept.free()
  const back = await startIssuer({ port })
  expect(back.url).toBe(first.url)
  const authToken = await back.issueToken({ email: newEmail(), provider: 'oidc' })
  await expect.poll(async () => (await get(authToken, 'supertokens', baseUrl)).status, { interval: 500 }).toBe(200)
  await back.close()
})
