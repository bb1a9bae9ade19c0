import { errors } from '@strongroom/chain-accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addition, beginTwoFactor, chainOf, signedBy, soon } from './accounts-chain.ts'
import { type AccountsWorld, newKey, personOf, signedIn, startAccounts } from './accounts-world.ts'
import { type Answered, clientOf } from './client.ts'
import { passTime } from './pass-time.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Kinds of the table that an answer had by now. */
const provoked = new Set<string>()

/** The answer is that refusal, by name, status and message, and nothing else. */
function expectNamed(answer: Answered, kind: keyof typeof errors): void {
  const [name, status, message] = errors[kind]
  const { error } = answer.body as { error: { message: string } }
  expect([answer.status, answer.body]).toEqual([status, { error: { name, message: error.message } }])
  // A field that is none is told by its name, beside.
  expect(error.message.replace(/: body .*$/, '')).toBe(message)
  expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  provoked.add(kind)
}

const userKeyOf = ({ publicKey }: { publicKey: string }) => ({ type: 'device', publicKey })
const send = (headers: Readonly<Record<string, string>>, body: unknown, path = '/auth/v1/signup') =>
  clientOf(world.app.baseUrls[0] ?? '')({ method: 'POST', path, body, headers })

test('of shapes, addresses and media', async () => {
  const ann = personOf(world)
  const body = { ...ann.login, userKey: userKeyOf(newKey()) }
  expectNamed(await send({}, { ...body, token: 7 }), 'invalid-input')
  expectNamed(await send({}, { ...body, userKey: userKeyOf({ publicKey: 'ab'.repeat(64) }) }), 'invalid-public-key')
  expectNamed(await send({}, { ...body, chainName: 'polygon-mainnet' }), 'unsupported-chain')
  expectNamed(await send({}, { ...body, method: 'apple' }), 'unsupported-method')
  expectNamed(await send({}, { ...body, token: 'not a name' }), 'invalid-provider-token')
  expectNamed(await send({ 'content-type': 'text/plain' }, body), 'unsupported-media-type')
  expectNamed(await send({}, { ...body, more: 'x'.repeat(70_000) }), 'body-too-large')
  expectNamed(await send({ 'x-app-secret': 'A'.repeat(64) }, body), 'invalid-app-secret')
  expectNamed(await ann.send('GET', '/auth/v1/nothing'), 'unknown-route')
  expectNamed(await ann.send('GET', '/auth/v1/signup'), 'wrong-method')
  expectNamed(await ann.send('GET', '/account/v1/me'), 'invalid-token')
})

test('of signing up and in', async () => {
  const [ann, phone] = [personOf(world), newKey()]
  expectNamed(await ann.begin(phone.publicKey), 'please-sign-up')
  expect((await ann.signUp(phone)).status).toBe(201)
  expectNamed(await ann.signUp(newKey()), 'already-signed-up')
  expectNamed(await ann.begin(newKey().publicKey), 'please-register-key')
  await expect.poll(async () => (await ann.signIn(phone)).status, soon).toBe(200)
  expectNamed(await ann.respond('ab'.repeat(32), phone.sign('ab'.repeat(32))), 'challenge-not-found')
  const data = await ann.challenge(phone.publicKey)
  expectNamed(await ann.respond(data, newKey().sign(data)), 'invalid-signature')
  const late = await ann.challenge(phone.publicKey)
  await passTime(world.app, '301 seconds')
  expectNamed(await ann.respond(late, phone.sign(late)), 'challenge-expired')
  await world.app.sql(`update chain_accounts.addresses as d set state = 'pending' from chain_accounts.keys as k
                        where k.account_id = d.account_id and k.public_key = '\\x${phone.publicKey}'`)
  const unseen = await ann.challenge(phone.publicKey)
  expectNamed(await ann.respond(unseen, phone.sign(unseen)), 'please-deploy')
})

test('of two-factor', async () => {
  const ben = personOf(world)
  const { key: phone, credentials } = await ben.settle()
  const { accessToken: token } = credentials
  const finish = (begun: { id: string; token: string }) =>
    ben.post('/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: begun.id }, begun.token)
  const waits = await beginTwoFactor(ben, newKey())
  expectNamed(await finish(waits), 'two-factor-pending')
  expectNamed(
    await ben.send('PUT', `/device/v1/2fa/${waits.id}`, { token, body: { destDeviceId: waits.id } }),
    'no-destination-device',
  )
  const denied = await beginTwoFactor(ben, newKey())
  expect((await ben.send('DELETE', `/device/v1/2fa/${denied.id}`, { token })).status).toBe(204)
  expectNamed(await finish(denied), 'two-factor-denied')
  await passTime(world.app, '181 seconds')
  expectNamed(await finish(waits), 'two-factor-expired')
  // What counts already asks nobody.
  const asked = { request: ben.login, userKey: userKeyOf(phone) }
  expectNamed(await ben.post('/auth/v1/signin/2fa', asked), 'invalid-request')
  expectNamed(
    await ben.get(`/device/v1/2fa/${denied.id.replace(/^./, (one) => (one === '0' ? '1' : '0'))}`, token),
    'not-found',
  )
})

test('of what is not allowed, comes too often, or comes twice', async () => {
  const cat = personOf(world)
  const { key: phone, account, credentials } = await cat.settle()
  const [chain, { accessToken: token, refreshToken }] = [chainOf(world), credentials]
  const call = await chain.describeChange(account.addresses[0]?.address ?? '', addition(newKey()))
  expectNamed(await cat.post('/sign/v1/evm/transaction', await signedBy(chain, call, [phone]), token), 'forbidden')
  expect((await cat.post('/auth/v1/refresh', { refreshToken })).status).toBe(200)
  await passTime(world.app, '31 seconds')
  expectNamed(await cat.post('/auth/v1/refresh', { refreshToken }), 'refresh-token-reused')
  const { baseUrl } = await world.app.spawn({ REQUESTS_PER_ACCOUNT: '1' })
  const { accessToken } = signedIn(await cat.signIn(phone)).credentials
  const me = () => clientOf(baseUrl)({ path: '/account/v1/me', token: accessToken })
  expect((await me()).status).toBe(200)
  const often = await me()
  expectNamed(often, 'too-many-requests')
  expect(Number(often.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('of a bug, or of rows that are not as we wrote them: its id alone is told', async () => {
  const dot = personOf(world)
  const { key } = await dot.settle()
  const reason = 'not as we wrote it'
  await world.app.sql(`update chain_accounts.identities as i set stamp = decode(repeat('ab', 32), 'hex')
                         from chain_accounts.keys as k
                        where k.account_id = i.account_id and k.public_key = '\\x${key.publicKey}'`)
  const answer = await dot.begin(key.publicKey)
  expectNamed(answer, 'crashed')
  const id = answer.headers.get('x-request-id') ?? ''
  expect(id).not.toBe('')
  const linesOf = async () => (await world.app.log()).split('\n').filter((line) => line.includes(id))
  // It is written after the answer.
  await expect.poll(async () => (await linesOf()).some((line) => line.includes('"level":50'))).toBe(true)
  const lines = await linesOf()
  expect(answer.text).not.toContain(reason)
  expect(lines.join('')).not.toContain(dot.subject)
})

// In this order: what is taken away here is not brought back to those before.
test('of what is away: the provider, the chain, the token', { timeout: 240_000 }, async () => {
  const nowhere = 'http://127.0.0.1:9/keys'
  const { baseUrl } = await world.app.spawn({ FIREBASE_PROJECT_ID: 'a-project', FIREBASE_KEYS_URL: nowhere })
  const header = Buffer.from('{"alg":"RS256","kid":"a"}').toString('base64url')
  const token = `${header}.${Buffer.from('{}').toString('base64url')}.AAAA`
  const body = { method: 'firebase', token, userKey: userKeyOf(newKey()) }
  const asked = await clientOf(baseUrl)({ method: 'POST', path: '/auth/v1/signup', body })
  expectNamed(asked, 'provider-unavailable')
  expect(asked.headers.has('retry-after')).toBe(true)

  const eli = personOf(world)
  const { key, credentials } = await eli.settle()
  await world.node.close()
  const away = await eli.send('DELETE', `/key/v1/keys/${key.publicKey}`, { token: credentials.accessToken })
  expectNamed(away, 'chain-unavailable')
  expect(away.headers.has('retry-after')).toBe(true)

  await world.app.takeToken()
  await expect.poll(async () => (await eli.begin(key.publicKey)).status, { timeout: 60_000, interval: 200 }).toBe(503)
  const unavailable = await eli.begin(key.publicKey)
  expectNamed(unavailable, 'unavailable')
  expect(unavailable.headers.has('retry-after')).toBe(true)
  await world.app.bringTokenBack()
  await expect.poll(async () => (await eli.begin(key.publicKey)).status, { timeout: 60_000, interval: 200 }).toBe(200)
})

test('every name of the table was given by the tests before this one', () => {
  expect([...provoked].toSorted()).toEqual(Object.keys(errors).toSorted())
})
