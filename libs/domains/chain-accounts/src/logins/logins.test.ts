import { Secret, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { firebaseVerifier } from '@strongroom/proofs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoginProvider, startLoginProvider } from '../../test/login-provider.ts'
import { appleLogin } from './apple-login.ts'
import { firebaseLogin } from './firebase-login.ts'
import { type LoginJudges, loginsOf, type LoginWish } from './login.ts'
import { testLogin } from './test-login.ts'

const app = { id: '6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10' }
let provider: LoginProvider
let judges: LoginJudges
beforeAll(async () => {
  provider = await startLoginProvider()
  const { url } = provider
  judges = {
    firebase: firebaseLogin({ idTokens: firebaseVerifier({ projectId: 'demo', keysUrl: url }) }),
    apple: appleLogin({ clientIds: ['com.example.ios', 'com.example.web'], keysUrl: url }),
    test: testLogin,
  }
})
afterAll(() => provider.stop())

const seconds = () => Math.floor(Date.now() / 1000)
const times = () => ({ iat: seconds() - 60, exp: seconds() + 600 })
const firebase = (more: object = {}) => ({
  iss: 'https://securetoken.google.com/demo',
  aud: 'demo',
  sub: 'uid-of-ann',
  auth_time: seconds() - 60,
  ...times(),
  ...more,
})
const apple = (more: object = {}) => ({
  iss: 'https://appleid.apple.com',
  aud: 'com.example.ios',
  sub: '001.ann',
  ...times(),
  ...more,
})
const verify = (wish: LoginWish, given: LoginJudges = judges) => loginsOf(() => given).verify(app, wish)
const kindOf = async (answer: ReturnType<typeof verify>) => {
  const answered = await answer
  return answered instanceof Refusal ? answered.kind : answered.subject
}

test('Firebase’s ID token names a person, and an address that it verified', async () => {
  const token = await provider.sign(firebase({ email: 'ann@example.com', email_verified: true }))
  const login = {
    provider: 'firebase',
    issuer: firebase().iss,
    subject: 'uid-of-ann',
    email: 'ann@example.com',
    emailVerified: true,
  }
  expect(await verify({ method: 'firebase', token })).toEqual(login)
})

test.each<[string, object, { alg?: string; kid?: string }?]>([
  ['of another project', { aud: 'other' }],
  ['of another issuer', { iss: 'https://securetoken.google.com/other' }],
  ['that ended', { exp: seconds() - 61 }],
  ['without an end', { exp: undefined }],
  ['signed in the future', { auth_time: seconds() + 3600 }],
  ['of nobody', { sub: '' }],
  ['signed by ES256', {}, { alg: 'ES256' }],
  ['of an unknown key', {}, { kid: 'other' }],
])('Firebase’s token %s is refused', async (_, more, header = {}) => {
  const token = await provider.sign(firebase(more), header)
  expect(await kindOf(verify({ method: 'firebase', token }))).toBe('invalid-provider-token')
})

test('a token of one provider is none of the other', async () => {
  expect(await kindOf(verify({ method: 'apple', token: await provider.sign(firebase()) }))).toBe(
    'invalid-provider-token',
  )
  expect(await kindOf(verify({ method: 'firebase', token: await provider.sign(apple()) }))).toBe(
    'invalid-provider-token',
  )
})

test.each(['com.example.ios', 'com.example.web'])('Apple’s token for %s names a person', async (aud) => {
  const token = await provider.sign(apple({ aud }))
  expect(await verify({ method: 'apple', token })).toEqual({
    provider: 'apple',
    issuer: apple().iss,
    subject: '001.ann',
    emailVerified: false,
  })
})

test.each<[unknown, boolean]>([
  [true, true],
  ['true', true],
  [false, false],
  ['false', false],
  ['TRUE', false],
  [1, false],
])('Apple’s flag %j makes an address verified: %j', async (flag, emailVerified) => {
  const token = await provider.sign(apple({ email: 'x@privaterelay.appleid.com', email_verified: flag }))
  expect(await verify({ method: 'apple', token })).toMatchObject({ email: 'x@privaterelay.appleid.com', emailVerified })
})

test.each<[string, object, { alg?: string }?]>([
  ['for another client', { aud: 'com.example.evil' }],
  ['for several clients', { aud: ['com.example.ios', 'com.example.evil'] }],
  ['of another issuer', { iss: 'https://appleid.apple.com.evil.example' }],
  ['that ended', { exp: seconds() - 61 }],
  ['of nobody', { sub: undefined }],
  ['signed by ES256', {}, { alg: 'ES256' }],
])('Apple’s token %s is refused', async (_, more, header = {}) => {
  const token = await provider.sign(apple(more), header)
  expect(await kindOf(verify({ method: 'apple', token }))).toBe('invalid-provider-token')
})

test('a nonce that the caller names must be in Apple’s token, plain or as its SHA-256', async () => {
  const nonce = 'drawn by the app'
  const hashed = toHex(sha256(toUtf8(nonce)))
  const judgedAs = async (form: 'unchecked' | 'plain' | 'sha256', claim: string | undefined, named?: string) => {
    const one = { apple: appleLogin({ clientIds: ['com.example.ios'], keysUrl: provider.url, nonce: form }) }
    const token = await provider.sign(apple({ nonce: claim }))
    return kindOf(verify({ method: 'apple', token, ...(named !== undefined && { nonce: named }) }, one))
  }
  expect(await judgedAs('plain', nonce, nonce)).toBe('001.ann')
  expect(await judgedAs('sha256', hashed, nonce)).toBe('001.ann')
  expect(await judgedAs('unchecked', hashed, nonce)).toBe('001.ann')
  expect(await judgedAs('unchecked', nonce)).toBe('001.ann')
  expect(await judgedAs('unchecked', 'another', nonce)).toBe('invalid-provider-token')
  expect(await judgedAs('unchecked', undefined, nonce)).toBe('invalid-provider-token')
  expect(await judgedAs('plain', hashed, nonce)).toBe('invalid-provider-token')
  expect(await judgedAs('sha256', hashed, hashed)).toBe('invalid-provider-token')
  expect(await judgedAs('plain', nonce)).toBe('invalid-provider-token')
})

test('a nonce that the caller names is never passed over: Firebase’s tokens have none that we could compare', async () => {
  const token = await provider.sign(firebase())
  expect(await kindOf(verify({ method: 'firebase', token, nonce: 'drawn by the app' }))).toBe('invalid-provider-token')
  expect(await kindOf(verify({ method: 'firebase', token }))).toBe('uid-of-ann')
})

test('an address that is malformed is not told', async () => {
  for (const email of ['ann', 'a nn@example.com', 'ann@example.com\n', 'x'.repeat(320) + '@e.com', 7]) {
    const token = await provider.sign(firebase({ email, email_verified: true }))
    const login = { provider: 'firebase', issuer: firebase().iss, subject: 'uid-of-ann', emailVerified: false }
    expect(await verify({ method: 'firebase', token })).toEqual(login)
  }
})

test('a method that is not configured is not served', async () => {
  const token = new Secret('ann')
  expect(await kindOf(verify({ method: 'test', token }, {}))).toBe('unsupported-method')
  expect(await kindOf(verify({ method: 'test', token }))).toBe('ann')
  expect(await kindOf(verify({ method: 'test', token: new Secret('a b') }))).toBe('invalid-provider-token')
})

test('a provider whose keys cannot be had is an outage with a name of its own, and says nothing of the token', async () => {
  const away = await startLoginProvider()
  away.down = true
  const token = await away.sign(firebase())
  const idTokens = firebaseVerifier({ projectId: 'demo', keysUrl: away.url })
  const refused = verify({ method: 'firebase', token }, { firebase: firebaseLogin({ idTokens }) })
  await expect(refused).rejects.toMatchObject({
    message: 'the login provider cannot be asked (http-503)',
    refusal: { kind: 'provider-unavailable', status: 502 },
  })
  await away.stop()
})

test('a redirect code is refused where no token endpoint is configured', async () => {
  expect(await kindOf(verify({ method: 'firebase', token: new Secret('4/0AX4XfWh') }))).toBe('invalid-provider-token')
})

test('what belongs to a redirect code is not passed over by who takes none', async () => {
  const token = await provider.sign(apple())
  expect(await kindOf(verify({ method: 'apple', token }))).toBe('001.ann')
  const brought = { codeVerifier: new Secret('v'.repeat(43)), redirectUri: 'https://wallet.example.com/callback' }
  for (const [name, value] of Object.entries(brought)) {
    expect(await kindOf(verify({ method: 'apple', token, [name]: value }))).toBe('invalid-provider-token')
    expect(await kindOf(verify({ method: 'test', token: new Secret('ann'), [name]: value }))).toBe(
      'invalid-provider-token',
    )
    const idToken = await provider.sign(firebase())
    expect(await kindOf(verify({ method: 'firebase', token: idToken, [name]: value }))).toBe('invalid-provider-token')
  }
})
