import { type Issuer, startIssuer } from '@strongroom/issuer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AccountsWorld, newKey, refused, signedIn, startAccounts } from './accounts-world.ts'
import { clientOf } from './client.ts'

let issuer: Issuer
let world: AccountsWorld
beforeAll(async () => {
  issuer = await startIssuer()
  world = await startAccounts({
    settings: {
      ACCOUNTS_TEST_LOGIN: undefined,
      FIREBASE_PROJECT_ID: issuer.audience,
      FIREBASE_ISSUER: issuer.url,
      FIREBASE_KEYS_URL: issuer.keysUrl,
      APPLE_CLIENT_IDS: 'com.example.ios,com.example.web',
      APPLE_ISSUER: issuer.url,
      APPLE_KEYS_URL: issuer.keysUrl,
    },
  })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await issuer.close()
})

const signUp = (method: string, token: string) =>
  clientOf(world.app.baseUrls[0] ?? '')({
    method: 'POST',
    path: '/auth/v1/signup',
    body: { method, token, userKey: { type: 'device', publicKey: newKey().publicKey } },
  })
const tokenOf = (email: string, audience = issuer.audience) => issuer.issueToken({ email, audience })

test('a person of Firebase has one account, by whatever token and device', async () => {
  const opened = await signUp('firebase', await tokenOf('ann@example.com'))
  expect([opened.status, signedIn(opened).account.addresses]).toEqual([
    201,
    [expect.objectContaining({ chainName: 'local' })],
  ])
  expect(refused(await signUp('firebase', await tokenOf('ann@example.com')))).toEqual([400, 'AlreadySignedUp'])
  expect((await signUp('firebase', await tokenOf('bob@example.com'))).status).toBe(201)
})

test('who is known by one provider is not known by another, though the subject is the same', async () => {
  for (const audience of ['com.example.ios', 'com.example.web']) {
    const expected = audience === 'com.example.ios' ? 201 : 400
    expect((await signUp('apple', await tokenOf('ann@example.com', audience))).status).toBe(expected)
  }
  expect(refused(await signUp('apple', await tokenOf('ann@example.com')))).toEqual([401, 'InvalidProviderToken'])
})

test('what is no token here is refused, and so is a method that is not served', async () => {
  const token = await tokenOf('cat@example.com')
  const [head, body] = token.split('.')
  const invalid = [401, 'InvalidProviderToken']
  for (const bad of [
    '4/a-code-that-nobody-exchanges',
    `${String(head)}.${String(body)}.AAAA`,
    `${String(head)}.${String(body)}.`,
  ])
    expect(refused(await signUp('firebase', bad))).toEqual(invalid)
  expect(refused(await signUp('firebase', await tokenOf('cat@example.com', 'another-project')))).toEqual(invalid)
  for (const method of ['test', 'google'])
    expect(refused(await signUp(method, token))).toEqual([400, 'UnsupportedMethod'])
})

test('a provider that does not answer is named, and nobody is signed in', async () => {
  const away = await world.app.spawn({ FIREBASE_KEYS_URL: 'http://127.0.0.1:1/jwks' })
  const answer = await clientOf(away.baseUrl)({
    method: 'POST',
    path: '/auth/v1/signup',
    body: {
      method: 'firebase',
      token: await tokenOf('dan@example.com'),
      userKey: { type: 'device', publicKey: newKey().publicKey },
    },
  })
  expect(refused(answer)).toEqual([502, 'ProviderUnavailable'])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
})
