import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, errorOf, startMpcAuth, type World } from './client.ts'
import { forgeToken, newSigningKey, type OwnIssuer, signToken, startOwnIssuer } from './own-issuer.ts'

let world: World
let issuer: OwnIssuer
let ask: ReturnType<typeof clientOf>
beforeAll(async () => {
  issuer = await startOwnIssuer()
  world = await startMpcAuth({ settings: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: issuer.audience } })
  ask = clientOf(world.app.baseUrls[0] ?? '')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await issuer.close()
})

const now = () => Math.floor(Date.now() / 1000)
const made = (change: object | (() => object)): object =>
  typeof change === 'function' ? (change as () => object)() : change
/** Whoever is believed is not registered: nothing else answers 404 here. */
const believed = [404, errorOf(100201, 'User not registered')]
const missing = [401, errorOf(100101, 'Missing or malformed access token')]
const expired = [401, errorOf(100102, 'Access token expired')]
const invalid = [401, errorOf(100103, 'Access token invalid')]

async function judge(token: string, at = ask) {
  const { status, text, headers } = await at({ path: '/v2/keys', token })
  expect(headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
  return [status, text]
}

describe('a token is believed', () => {
  // What says when is computed when it is sent: rows are made long before the first test runs.
  test.each<[string, object | (() => object), object?]>([
    ['as issuers sign it', {}],
    ['of one audience in a list', { aud: ['https://issuer.example/userinfo', 'https://mpc.example/api'] }],
    ['of the type JWT', {}, { typ: 'JWT' }],
    ['of the type jwt', {}, { typ: 'jwt' }],
    ['of the type application/at+jwt', {}, { typ: 'application/at+jwt' }],
    ['of no type', {}, { typ: undefined }],
    ['half a minute after its end', () => ({ exp: now() - 30 })],
    ['half a minute before its beginning', () => ({ nbf: now() + 30, iat: now() + 30 })],
    ['with a subject of 255 characters', { sub: 's'.repeat(255) }],
    ['with claims that nobody knows', { azp: 'app', client_id: 'app', jti: '1', scope: 'openid' }],
  ])('%s', async (_, change, header) => {
    expect(await judge(issuer.token(made(change), header))).toEqual(believed)
  })

  test('by RS256, PS256 having its own test in the library, from the moment that its key is published', async () => {
    const rsa = newSigningKey('RS256')
    await using own = await ownProcess([rsa, issuer.key])
    expect(await judge(signToken(rsa, issuer.claims()), own.ask)).toEqual(believed)
  })
})

describe('a token is refused', () => {
  test.each<[string, object | (() => object), object?]>([
    ['of an issuer without the slash at its end', { iss: 'no-slash' }],
    ['of an issuer in upper case', { iss: 'upper' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'https://mpc.example/api/' }],
    ['for other audiences', { aud: ['https://mpc.example', 'https://issuer.example/userinfo'] }],
    ['for no audience', { aud: undefined }],
    ['for an empty list', { aud: [] }],
    ['of the type of an ID token’s logout', {}, { typ: 'logout+jwt' }],
    ['of the type dpop+jwt', {}, { typ: 'dpop+jwt' }],
    ['of an empty type', {}, { typ: '' }],
    ['of a type that is a number', {}, { typ: 7 }],
    ['that has no end', { exp: undefined }],
    ['whose end is text', () => ({ exp: String(now() + 600) })],
    ['that begins in two minutes', () => ({ nbf: now() + 120 })],
    ['that was issued in two minutes', () => ({ iat: now() + 120 })],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject of 256 characters', { sub: 's'.repeat(256) }],
    ['with half a character for a subject', { sub: 'a\ud800' }],
    ['with a number for a subject', { sub: 7 }],
    ['with critical extensions', {}, { crit: ['b64'], b64: true }],
    ['that brings its own key', {}, { kid: 'k', jwk: { kty: 'EC' } }],
  ])('%s', async (_, wish, header) => {
    const change = made(wish)
    const { iss } = change as { iss?: string }
    const named = { 'no-slash': issuer.url.slice(0, -1), upper: issuer.url.toUpperCase() }[iss ?? '']
    expect(await judge(issuer.token({ ...change, ...(named && { iss: named }) }, header))).toEqual(invalid)
  })

  test('when it ended more than a minute ago, by a code of its own', async () => {
    expect(await judge(issuer.token({ exp: now() - 61 }))).toEqual(expired)
    // Expired is said of a token that is good in all else.
    expect(await judge(issuer.token({ exp: now() - 61, aud: 'x' }))).toEqual(invalid)
    expect(await judge(signToken(newSigningKey(), issuer.claims({ exp: now() - 61 })))).toEqual(invalid)
  })

  test('that has no signature, or a MAC under the public key', async () => {
    const { kid, publicKey } = issuer.key
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const jwk = publicKey.export({ format: 'jwk' })
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), jwk.x ?? ''])
      expect(await judge(forgeToken({ alg: 'HS256', kid, typ: 'at+jwt' }, issuer.claims(), secret))).toEqual(invalid)
    for (const alg of ['none', 'None', 'nOnE'])
      expect(await judge(`${forgeToken({ alg, kid, typ: 'at+jwt' }, issuer.claims())}AAAA`)).toEqual(invalid)
    expect(await judge(forgeToken({ alg: 'none' }, issuer.claims()))).toEqual(invalid)
    const [header = '', payload = '', signature = ''] = issuer.token().split('.')
    const other = issuer.token({ sub: 'another' }).split('.')[1] ?? ''
    for (const token of [`${header}.${payload}.`, `${header}.${other}.${signature}`, `${header}.${payload}`])
      expect(await judge(token)).toEqual(invalid)
  })

  test('that is none at all', async () => {
    const good = issuer.token()
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${good}`,
      `Bearer ${good}, Bearer ${good}`,
      good,
      `Bearer  ${good}`,
      `Bearer a b`,
    ]) {
      const asked = { path: '/v2/keys', ...(authorization !== undefined && { headers: { authorization } }) }
      const { status, text, headers } = await ask(asked)
      expect([status, text, headers.get('www-authenticate')]).toEqual([...missing, 'Bearer'])
    }
    for (const text of ['a', 'a.b', 'a.b.c', '...', `${good}.x`]) expect(await judge(text)).toEqual(invalid)
  })
})

/** One more process, whose issuer is another one, or the same with other settings. */
async function ownProcess(keys: readonly ReturnType<typeof newSigningKey>[], settings: Record<string, string> = {}) {
  issuer.publish(keys)
  const { baseUrl, child } = await world.app.spawn(settings)
  return {
    ask: clientOf(baseUrl),
    [Symbol.asyncDispose]: async () => {
      issuer.publish([issuer.key])
      child.kill('SIGTERM')
    },
  }
}

test('scopes that are demanded must all be there, whole', async () => {
  await using own = await ownProcess([issuer.key], { OIDC_SCOPES: 'mpc:use mpc:recover' })
  const insufficient = [403, errorOf(100104, 'Insufficient scope')]
  for (const scope of [
    undefined,
    '',
    'mpc:use',
    'mpc:use mpc:recovery',
    'mpc:use,mpc:recover',
    ['mpc:use', 'mpc:recover'],
  ])
    expect(await judge(issuer.token({ scope }), own.ask)).toEqual(insufficient)
  expect(await judge(issuer.token({ scope: 'openid mpc:recover mpc:use' }), own.ask)).toEqual(believed)
})

test('a storm of invented key ids costs the issuer one fetch, and no good token waits for it', async () => {
  await using own = await ownProcess([issuer.key])
  expect(await judge(issuer.token(), own.ask)).toEqual(believed)
  const before = issuer.fetches()
  const stranger = newSigningKey()
  const storm = Array.from({ length: 60 }, (_, index) =>
    judge(signToken(stranger, issuer.claims(), { kid: `k${String(index)}` }), own.ask),
  )
  const good = Array.from({ length: 20 }, () => judge(issuer.token(), own.ask))
  for (const answer of await Promise.all(storm)) expect(answer).toEqual(invalid)
  for (const answer of await Promise.all(good)) expect(answer).toEqual(believed)
  expect(issuer.fetches() - before).toBeLessThanOrEqual(1)
})

test('an issuer that is away stops nobody whose key is known already, and is an outage before that', async () => {
  await using warm = await ownProcess([issuer.key])
  expect(await judge(issuer.token(), warm.ask)).toEqual(believed)
  issuer.away(true)
  try {
    await using cold = await ownProcess([issuer.key])
    expect(await judge(issuer.token(), warm.ask)).toEqual(believed)
    expect(await judge(signToken(newSigningKey(), issuer.claims()), warm.ask)).toEqual(invalid)
    const { status, text, headers } = await cold.ask({ path: '/v2/keys', token: issuer.token() })
    expect([status, text]).toEqual([503, errorOf(100902, 'Identity provider unavailable')])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  } finally {
    issuer.away(false)
  }
})

test('the same subject of another issuer is another user', async () => {
  const other = await startOwnIssuer()
  try {
    await using own = await ownProcess([issuer.key], { OIDC_ISSUER: other.url })
    const register = async (at: typeof ask, token: string) =>
      ((await at({ method: 'POST', path: '/auth/users/register', token, body: {} })).body as { user_id: string })
        .user_id
    const first = await register(ask, issuer.token({ sub: 'same' }))
    expect(await register(ask, issuer.token({ sub: 'same' }))).toBe(first)
    expect(await register(own.ask, other.token({ sub: 'same' }))).not.toBe(first)
  } finally {
    await other.close()
  }
})
