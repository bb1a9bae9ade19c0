import { Secret } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { json, type KeyServer, startKeyServer } from '../test/key-server.ts'
import { signer, type Signer } from '../test/signer.ts'
import { loginFields, type Provider } from './login-token.ts'
import { proveLoginToken } from './prove-login-token.ts'
import { type TokenVerifier, tokenVerifier } from './token-verifier.ts'

const issuer = 'https://login.example.com'
const audience = 'keys'

let key: Signer
let server: KeyServer
let verifier: TokenVerifier
beforeAll(async () => {
  key = await signer('k1')
  server = await startKeyServer(json({ keys: [key.publicKey] }))
  verifier = tokenVerifier({ issuer, audience, keysUrl: server.url })
})
afterAll(() => server.stop())

const tokenOf = (rest: Record<string, unknown>) =>
  key.sign({ iss: issuer, aud: audience, sub: 'ann', exp: Math.floor(Date.now() / 1000) + 600, ...rest })
const request = (input: { body?: unknown; query?: unknown }) => ({
  method: 'POST',
  target: '/',
  rawHeaders: [],
  ip: '127.0.0.1',
  headers: {},
  body: new Uint8Array(),
  input: { params: undefined, query: input.query, body: input.body },
})
const prove = async (rest: Record<string, unknown>, provider: Provider = 'firebase') =>
  proveLoginToken.prove(request({ body: { authToken: await tokenOf(rest), providerType: provider } }), {
    logins: { [provider]: verifier },
  })
const refusalOf = (judged: unknown) => (judged instanceof Refusal ? [judged.status, judged.title] : judged)

const noContact = [400, 'User must have an email or phone number']
const email = { email: 'Ann@Example.com', email_verified: true }

test('a login is issuer and subject, with an e-mail address in lower case', async () => {
  expect(await prove({ ...email, email: ' Ann@Example.COM\t' })).toEqual({
    provider: 'firebase',
    issuer,
    subject: 'ann',
    email: 'ann@example.com',
  })
})

test.each([false, undefined, 'true', 1])('an address whose mark is %j is nobody’s', async (mark) => {
  expect(refusalOf(await prove({ ...email, email_verified: mark }))).toEqual(noContact)
})

test('an address that Unicode would lower to another stays its own', async () => {
  const kelvin = '\u{212A}im@example.com'
  expect(await prove({ email: kelvin, email_verified: true })).toMatchObject({ email: kelvin })
})

test.each([7, '', 'ann', 'a@b@c', 'a b@example.com', `${'x'.repeat(320)}@example.com`])(
  '%j is no address',
  async (address) => {
    expect(refusalOf(await prove({ email: address, email_verified: true }))).toEqual(noContact)
  },
)

test('a phone number counts as it is from Firebase, and elsewhere where it was proved', async () => {
  const phone = { phone_number: '+447912345678' }
  expect(await prove(phone)).toMatchObject({ phone: '+447912345678' })
  expect(refusalOf(await prove(phone, 'oidc'))).toEqual(noContact)
  expect(await prove({ ...phone, phone_number_verified: true }, 'oidc')).toMatchObject({
    phone: '+447912345678',
  })
})

test.each(['447912345678', '+0447912345678', '+44 7912 345678', '+44791234567812345', 7])(
  '%j is no phone number',
  async (number) => {
    expect(refusalOf(await prove({ phone_number: number }))).toEqual(noContact)
  },
)

test.each<[Provider, string]>([
  ['firebase', 'Invalid Firebase token'],
  ['supertokens', 'Invalid SuperTokens token'],
  ['keycloak', 'Invalid Keycloak token'],
  ['oidc', 'Invalid OIDC token'],
])('a bad token of %s is refused in its words', async (provider, title) => {
  expect(refusalOf(await prove({ ...email, aud: 'other' }, provider))).toEqual([401, title])
})

test('a provider that is not configured is told from a bad token', async () => {
  const body = { authToken: await tokenOf(email), providerType: 'keycloak' }
  const judged = await proveLoginToken.prove(request({ body }), { logins: { firebase: verifier } })
  expect(refusalOf(judged)).toEqual([501, 'This login provider is not configured'])
})

test('the token is in the query where there is no body', async () => {
  const logins = { firebase: verifier }
  const query = { authToken: await tokenOf(email), providerType: 'firebase' }
  expect(await proveLoginToken.prove(request({ query }), { logins })).toMatchObject({ subject: 'ann' })
  const both = request({ body: { ...query, authToken: new Secret('bad') }, query })
  expect(refusalOf(await proveLoginToken.prove(both, { logins }))).toEqual([401, 'Invalid Firebase token'])
})

test.each([
  [{ body: {} }, 'body authToken'],
  [{ query: { authToken: new Secret('a token') } }, 'query providerType'],
  [{ body: {}, query: { authToken: new Secret('a token'), providerType: 'firebase' } }, 'body authToken'],
  [{}, 'query authToken'],
])('half a token is invalid input', async (input, field) => {
  const judged = await proveLoginToken.prove(request(input), { logins: { firebase: verifier } })
  expect(judged instanceof Refusal && [judged.kind, judged.details]).toEqual(['invalid-input', { field }])
})

test('the fields yield a secret, and refuse what is no token', () => {
  const shape = z.object(loginFields)
  const { authToken } = shape.parse({ authToken: 'good', providerType: 'oidc' })
  expect(authToken.equals(new Secret('good'))).toBe(true)
  for (const wrong of ['', 'x'.repeat(16_385), '\uD800', 7, undefined])
    expect(shape.safeParse({ authToken: wrong, providerType: 'oidc' }).success).toBe(false)
  expect(shape.safeParse({ authToken: 'good', providerType: 'github' }).success).toBe(false)
})
