import { Secret, sha256, systemRandom, toBase64url, toUtf8 } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { oidcVerifier } from '@strongroom/proofs'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen, type Listening } from '../../test/login-provider.ts'
import { codeExchange, type CodeExchangeOptions } from './code-exchange.ts'
import { firebaseLogin } from './firebase-login.ts'
import { loginsOf, type LoginWish } from './login.ts'

const redirectUri = 'https://wallet.example.com/callback'
const elsewhere = 'https://phone.example.com/callback'
const clientSecret = 'of the tests: a secret, with signs'
const asked: string[] = []
const usual = (client: string) => ({
  client_id: client,
  redirect_uris: [redirectUri, elsewhere],
  grant_types: ['authorization_code'],
  response_types: ['code' as const],
})
let http: Listening
let provider: Provider
beforeAll(async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  http = await listen((request, response) => {
    asked.push(request.url ?? '')
    void provider.callback()(request, response)
  })
  provider = new Provider(http.url, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] },
    clients: [
      ...['app', 'other'].map((client) => ({ ...usual(client), client_secret: clientSecret })),
      // An app on a phone keeps no secret: its codes are bound to a challenge.
      { ...usual('phone'), application_type: 'native' as const, token_endpoint_auth_method: 'none' as const },
    ],
    cookies: { keys: ['of the tests'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: (_, { clientId }) => clientId === 'phone' },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }),
    }),
  })
})
beforeEach(() => void asked.splice(0))
afterAll(() => http.stop())

interface CodeWish {
  readonly clientId?: string
  readonly redirectUri?: string
  readonly codeChallenge?: string
}

/** A code as its redirect carries it, drawn by the provider itself. */
async function drawCode({ clientId = 'app', codeChallenge, redirectUri: to = redirectUri }: CodeWish = {}) {
  const client = await provider.Client.find(clientId)
  if (!client) throw new Error('no such client')
  const grant = new provider.Grant({ accountId: 'ann', clientId })
  grant.addOIDCScope('openid email')
  const grantId = await grant.save()
  const said = {
    accountId: 'ann',
    client,
    grantId,
    redirectUri: to,
    scope: 'openid email',
    gty: 'authorization_code',
    ...(codeChallenge !== undefined && { codeChallenge, codeChallengeMethod: 'S256' }),
  }
  const code = new provider.AuthorizationCode(said)
  return new Secret(await code.save())
}

type Brought = Pick<LoginWish, 'codeVerifier' | 'redirectUri'>

function verify(token: Secret, options: Partial<CodeExchangeOptions> = {}, brought: Brought = {}) {
  const { clientId = 'app' } = options
  const idTokens = oidcVerifier({ issuer: http.url, audience: clientId, algorithms: ['RS256'] })
  const codes = codeExchange({
    tokenUrl: new URL(`${http.url}/token`),
    clientId,
    redirectUris: [redirectUri],
    idTokens,
    ...(clientId !== 'phone' && { clientSecret: new Secret(clientSecret) }),
    ...options,
  })
  return loginsOf(() => ({ firebase: firebaseLogin({ idTokens, codes }) })).verify(
    { id: 'a' },
    { method: 'firebase', token, ...brought },
  )
}
const isRefused = async (answer: ReturnType<typeof verify>) => {
  const answered = await answer
  return answered instanceof Refusal && answered.kind === 'invalid-provider-token'
}

test('a redirect code is exchanged for whom the provider says it is, once', async () => {
  const code = await drawCode()
  const email = { email: 'ann@example.com', emailVerified: true }
  expect(await verify(code)).toEqual({ provider: 'firebase', issuer: http.url, subject: 'ann', ...email })
  expect(await isRefused(verify(code))).toBe(true)
})

test('a code of another client, of another redirect or of nobody is refused', async () => {
  expect(await isRefused(verify(await drawCode({ clientId: 'other' })))).toBe(true)
  expect(await isRefused(verify(await drawCode(), { redirectUris: ['https://evil.example/callback'] }))).toBe(true)
  expect(await isRefused(verify(new Secret('4/0AX4XfWh-invented')))).toBe(true)
})

test('what looks like a JWT, or could not be a code, is shown to nobody', async () => {
  for (const token of ['a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'line\nbreak', 'ü', 'x'.repeat(2049)]) {
    expect(await isRefused(verify(new Secret(token)))).toBe(true)
  }
  expect(asked.filter((path) => path.startsWith('/token'))).toEqual([])
})

const code502 = { refusal: { kind: 'provider-unavailable', status: 502 } }

test('a token endpoint that does not know us, fails, sends us on or says too much is an outage', async () => {
  await expect(verify(await drawCode(), { clientSecret: new Secret('wrong') })).rejects.toMatchObject(code502)
  const answers: readonly [status: number, body: string, headers?: Record<string, string>][] = [
    [503, ''],
    [200, 'no JSON'],
    [200, '{}'],
    [302, '', { location: `${http.url}/token` }],
    [200, `"${'x'.repeat(70_000)}"`],
    [400, '{"error":"unauthorized_client"}'],
  ]
  for (const [status, body, headers = {}] of answers) {
    const bad = await listen((_, response) => void response.writeHead(status, headers).end(body))
    await expect(verify(await drawCode(), { tokenUrl: new URL(bad.url) })).rejects.toMatchObject(code502)
    await bad.stop()
    await expect(verify(await drawCode(), { tokenUrl: new URL(bad.url) })).rejects.toMatchObject(code502)
  }
  expect(asked.filter((path) => path.startsWith('/token'))).toHaveLength(1)
})

test('an ID token that is made for another client is refused', async () => {
  const idTokens = oidcVerifier({ issuer: http.url, audience: 'other', algorithms: ['RS256'] })
  expect(await isRefused(verify(await drawCode(), { idTokens }))).toBe(true)
})

describe('a code that is bound to a challenge', () => {
  const drawVerifier = () => toBase64url(systemRandom(32))
  const challengeOf = (verifier: string) => toBase64url(sha256(toUtf8(verifier)))

  test.each(['app', 'phone'])(
    'is exchanged by who has what it was asked for with, and by nobody else: %s',
    async (clientId) => {
      const draw = async () => {
        const verifier = drawVerifier()
        return { verifier, code: await drawCode({ clientId, codeChallenge: challengeOf(verifier) }) }
      }
      const [right, bare, wrong] = [await draw(), await draw(), await draw()]
      const redeem = (code: Secret, codeVerifier?: string) =>
        verify(code, { clientId }, codeVerifier === undefined ? {} : { codeVerifier: new Secret(codeVerifier) })
      expect(await redeem(right.code, right.verifier)).toMatchObject({ subject: 'ann', issuer: http.url })
      expect(await isRefused(redeem(bare.code))).toBe(true)
      expect(await isRefused(redeem(wrong.code, drawVerifier()))).toBe(true)
    },
  )

  test('is not passed over: a code that was asked for without one is refused with one, and so is a JWT', async () => {
    const codeVerifier = new Secret(drawVerifier())
    expect(await isRefused(verify(await drawCode(), {}, { codeVerifier }))).toBe(true)
    asked.splice(0)
    expect(await isRefused(verify(new Secret('a.b.c'), {}, { codeVerifier }))).toBe(true)
    expect(asked).toEqual([])
  })
})

test('of several places to which codes are sent a login names its own', async () => {
  const redirectUris = [redirectUri, elsewhere]
  const there = () => drawCode({ redirectUri: elsewhere })
  expect(await verify(await there(), { redirectUris }, { redirectUri: elsewhere })).toMatchObject({ subject: 'ann' })
  // The provider compares it with where it sent the code.
  expect(await isRefused(verify(await there(), { redirectUris }, { redirectUri }))).toBe(true)
  expect(await verify(await drawCode(), {}, { redirectUri })).toMatchObject({ subject: 'ann' })
  asked.splice(0)
  expect(await isRefused(verify(await there(), { redirectUris }))).toBe(true)
  expect(await isRefused(verify(await there(), {}, { redirectUri: elsewhere }))).toBe(true)
  expect(asked.filter((path) => path.startsWith('/token'))).toEqual([])
})
