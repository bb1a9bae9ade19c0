import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { clientOf } from './client.ts'

let world: AccountsWorld
let token: string
let publicKey: string
beforeAll(async () => {
  world = await startAccounts()
  const key = newKey()
  publicKey = key.publicKey
  token = signedIn(await personOf(world).signUp(key)).credentials.accessToken
})
afterAll(() => world[Symbol.asyncDispose]())

const id = '6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10'

/** Every endpoint that wants a token of ours. */
const guarded: readonly [string, string][] = [
  ['GET', '/account/v1/me'],
  ['POST', '/account/v1/addresses'],
  ['GET', '/device/v1/devices'],
  ['PUT', `/device/v1/devices/${newKey().publicKey}`],
  ['GET', '/key/v1/keys'],
  ['DELETE', `/key/v1/keys/${newKey().publicKey}`],
  ['POST', '/key/v1/recovery'],
  ['GET', `/device/v1/2fa/${id}`],
  ['PUT', `/device/v1/2fa/${id}`],
  ['DELETE', `/device/v1/2fa/${id}`],
  ['POST', `/device/v1/2fa/${id}/approve`],
  ['POST', '/auth/v1/signin/2fa/finish'],
  ['POST', '/auth/v1/recover'],
  ['GET', '/sign/v1/cadence'],
  ['POST', '/sign/v1/cadence/transaction'],
  ['POST', '/sign/v1/cadence/transaction/paymaster'],
  ['POST', '/sign/v1/evm/transaction'],
]

const bodies: Readonly<Record<string, () => unknown>> = {
  '/account/v1/addresses': () => ({ chainName: 'local' }),
  '/key/v1/recovery': () => ({ recoveryKey: { publicKey, cloudKey: { accountName: 'iCloud' } } }),
  '/auth/v1/signin/2fa/finish': () => ({ twoFactorAuthRequestId: id }),
  '/sign/v1/cadence/transaction': () => ({ message: 'ab' }),
  '/sign/v1/cadence/transaction/paymaster': () => ({ message: 'ab' }),
  '/sign/v1/evm/transaction': () => ({
    chainName: 'local',
    call: {},
    deadline: 1,
    signatures: [{ publicKey, signature: 'ab'.repeat(64) }],
  }),
  [`/device/v1/2fa/${id}`]: () => ({ destDeviceId: id }),
  [`/device/v1/2fa/${id}/approve`]: () => ({ txId: `0x${'ab'.repeat(32)}` }),
}
const ask = (method: string, path: string, bearer?: string) =>
  personOf(world).send(method, path, {
    token: bearer,
    ...(method !== 'GET' && { body: bodies[path]?.() ?? {} }),
  })

describe('without a token of ours nothing is told', () => {
  test.each(guarded)('%s %s', async (method, path) => {
    for (const bearer of [undefined, 'nonsense', 'eyJhbGciOiJub25lIn0.e30.', `${token}x`]) {
      const answer = await ask(method, path, bearer)
      expect([...refused(answer), answer.headers.get('www-authenticate')]).toEqual([401, 'InvalidToken', 'Bearer'])
    }
  })
})

describe('is refused, by name', () => {
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    clientOf(world.app.baseUrls[0] ?? '')({ method: 'POST', path, body, headers })
  const login = { method: 'test', token: 'ann' }

  test.each(['/auth/v1/signup', '/auth/v1/signin/challenge', '/auth/v1/signin/challenge/respond', '/auth/v1/refresh'])(
    'what is no object, at %s',
    async (path) => {
      for (const body of ['{', '[]', 'null', '"text"', '1'])
        expect(refused(await post(path, body))).toEqual([400, 'InvalidRequest'])
      expect(refused(await post(path, {}))[0]).toBe(400)
      const asText = await post(path, 'method=test', { 'content-type': 'text/plain' })
      expect(refused(asText)).toEqual([415, 'UnsupportedMediaType'])
      expect(refused(await post(path, { token: 'x'.repeat(70_000) }))).toEqual([413, 'RequestTooLarge'])
    },
  )

  test('a field of another form, and its value is not told', async () => {
    const canary = 'canary-of-a-value'
    const userKey = { type: 'device', publicKey: newKey().publicKey }
    const bad: readonly [object, string][] = [
      [{ ...login, userKey: { ...userKey, device: { type: canary } } }, 'InvalidRequest'],
      [{ ...login, userKey: { ...userKey, publicKey: canary } }, 'InvalidPublicKey'],
      [{ ...login, userKey, chainName: canary }, 'UnsupportedChain'],
      [{ ...login, userKey, method: canary }, 'UnsupportedMethod'],
    ]
    for (const [body, name] of bad) {
      const answer = await post('/auth/v1/signup', body)
      expect(refused(answer)).toEqual([400, name])
      expect(answer.text).not.toContain(canary)
    }
    const begun = await post('/auth/v1/signin/challenge', { challengeType: canary, request: login, publicKey })
    expect(refused(begun)).toEqual([400, 'InvalidRequest'])
    expect(await world.app.log()).not.toContain(canary)
  })

  test('an address or a method of nobody', async () => {
    expect(refused(await ask('GET', '/auth/v1/nothing', token))).toEqual([404, 'NotFound'])
    expect(refused(await ask('GET', '/auth/v1/signup', token))).toEqual([405, 'MethodNotAllowed'])
    expect(refused(await ask('DELETE', '/key/v1/keys/nothing', token))).toEqual([400, 'InvalidPublicKey'])
    expect(refused(await ask('GET', '/key/v1/keys?include_revoked=perhaps', token))).toEqual([400, 'InvalidRequest'])
  })
})

test('whoever asks too often is told when to come back', async () => {
  const { baseUrl } = await world.app.spawn({ REQUESTS_PER_ACCOUNT: '2' })
  const me = () => clientOf(baseUrl)({ path: '/account/v1/me', token })
  expect([(await me()).status, (await me()).status]).toEqual([200, 200])
  const answer = await me()
  expect([...refused(answer), answer.headers.has('retry-after')]).toEqual([429, 'TooManyRequests', true])
})

test('whoever tries logins from one address without end is told when to come back, whosever they are', async () => {
  const { baseUrl } = await world.app.spawn({ LOGINS_PER_ADDRESS: '2' })
  const begin = (name: string) => {
    const request = { method: 'test', token: name }
    const body = { challengeType: 'deviceKey', request, publicKey: newKey().publicKey }
    return clientOf(baseUrl)({ method: 'POST', path: '/auth/v1/signin/challenge', body })
  }
  for (const name of ['one-of-many', 'not a name']) expect((await begin(name)).status).toBeLessThan(429)
  expect(refused(await begin('another-of-many'))).toEqual([429, 'TooManyRequests'])
})
