import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type AccountsWorld,
  assertionOf,
  newKey,
  passkeyRules,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from './accounts-world.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

const codeAt = (address: string) => world.node.ask('eth_getCode', address, 'latest')

test('an account is answered before it stands, stands with its device, and is signed in to', async () => {
  const [ann, phone] = [personOf(world), newKey()]
  const opened = await ann.signUp(phone)
  expect([opened.status, signedIn(opened).transaction]).toEqual([201, null])
  const { account, credentials } = signedIn(opened)
  const [{ address } = { address: '' }] = account.addresses
  expect((await ann.get('/account/v1/me', credentials.accessToken)).body).toEqual({ account })
  const { account: standing, transaction } = await ann.settle(phone)
  expect(standing.addresses).toEqual(account.addresses)
  expect(await codeAt(address)).not.toBe('0x')
  expect(transaction).toMatchObject({ id: expect.stringMatching(/^0x[0-9a-f]{64}$/), chainName: 'local' })
  const receipt = await world.node.ask('eth_getTransactionReceipt', transaction?.id)
  expect(receipt).toMatchObject({ status: '0x1' })
})

test('a passkey stands with its account, and signs in', async () => {
  const [ann, passkey] = [personOf(world), newKey()]
  const userKey = { type: 'passkey', publicKey: passkey.publicKey, passKey: { platform: 'ios' } }
  expect((await ann.signUp(passkey, { userKey })).status).toBe(201)
  const answer = async () => {
    const challengeData = await ann.challenge(passkey.publicKey, 'passKey')
    const passKey = assertionOf(passkey, Buffer.from(challengeData, 'hex'))
    const body = { challengeType: 'passKey', challengeData, passKey }
    return ann.post('/auth/v1/signin/challenge/respond', body)
  }
  await expect.poll(async () => (await answer()).status, { interval: 200 }).toBe(200)
  expect(passkeyRules.rpId).toBe('wallet.example.com')
})

test('refresh tokens rotate, access tokens are ours, and strangers hold none', async () => {
  const ann = personOf(world)
  const { credentials } = signedIn(await ann.signUp(newKey()))
  const renewed = await ann.post('/auth/v1/refresh', { refreshToken: credentials.refreshToken })
  expect(renewed.status).toBe(200)
  const { credentials: next } = renewed.body as { credentials: typeof credentials }
  expect((await ann.get('/account/v1/me', next.accessToken)).status).toBe(200)
  const [head, body, signature = ''] = next.accessToken.split('.')
  const forged = `${String(head)}.${String(body)}.${signature.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'))}`
  for (const token of [forged, next.refreshToken, 'a.b.c'])
    expect(refused(await ann.get('/account/v1/me', token))).toEqual([401, 'InvalidToken'])
  const { keys } = (await ann.send('GET', '/.well-known/jwks.json')).body as { keys: object[] }
  expect(keys).toMatchObject([{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }])
})

test('the other API is not there', async () => {
  const answer = await personOf(world).send('GET', '/v2/keys')
  expect(refused(answer)).toEqual([404, 'NotFound'])
})

test('nothing that people or their devices said is in what the processes wrote', async () => {
  const canary = `canary-${newKey().publicKey.slice(0, 12)}`
  const ann = personOf(world, { subject: canary })
  const phone = newKey()
  const device = { name: `${canary}-name`, pushToken: `${canary}-push` }
  const { credentials } = signedIn(
    await ann.signUp(phone, { userKey: { type: 'device', publicKey: phone.publicKey, device } }),
  )
  await ann.get('/device/v1/devices', credentials.accessToken)
  await ann.post('/auth/v1/signup', { ...ann.login, userKey: { type: 'device', publicKey: canary } })
  await ann.post('/auth/v1/signup', { method: canary, token: canary })
  const log = await world.app.log()
  expect(log).toContain('/auth/v1/signup')
  for (const secret of [canary, credentials.accessToken, credentials.refreshToken, world.node.url])
    expect(log).not.toContain(secret)
})
