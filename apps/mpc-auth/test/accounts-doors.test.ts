import { once } from 'node:events'
import type { Settings, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'
import { clientOf } from './client.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts({ processes: 0 })
})
afterAll(() => world[Symbol.asyncDispose]())

/** Why a start was refused, in what it wrote itself, or `serves`. */
async function start(app: TestApp, settings: Settings): Promise<string> {
  const before = (await app.log()).length
  try {
    const { child } = await app.spawn(settings)
    // Not its exit: what it said may be in the pipe still.
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    await gone
    return 'serves'
  } catch {
    return (await app.log()).slice(before)
  }
}

/** Without any door. */
const plain: Settings = {
  PUBLIC_URL: 'https://accounts.example',
  CHAINS: undefined,
  ACCOUNTS_TEST_LOGIN: undefined,
  HSM_ALLOW_SOFTWARE: 'SoftHSM v2',
}

const doors: readonly [string, Settings, RegExp][] = [
  ['the test login', { ACCOUNTS_TEST_LOGIN: 'on' }, /ACCOUNTS_TEST_LOGIN/],
  ['our own address in clear', { PUBLIC_URL: 'http://127.0.0.1:4300' }, /PUBLIC_URL/],
  ['a stub of Firebase', { FIREBASE_PROJECT_ID: 'demo', FIREBASE_ISSUER: 'http://127.0.0.1:4010' }, /FIREBASE_ISSUER/],
  ['its keys', { FIREBASE_PROJECT_ID: 'demo', FIREBASE_KEYS_URL: 'http://127.0.0.1:4010/keys' }, /FIREBASE_KEYS_URL/],
  ['a stub of Apple', { APPLE_CLIENT_IDS: 'app', APPLE_KEYS_URL: 'http://127.0.0.1:4010/keys' }, /APPLE_KEYS_URL/],
  ['a token endpoint of development', { OAUTH_TOKEN_URL: 'http://127.0.0.1:4010/token' }, /OAUTH_TOKEN_URL/],
  ['a receiver of every push', { PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:8026' }, /PUSH_DEVELOPMENT_URL/],
  ['a software token that is not allowed', { HSM_ALLOW_SOFTWARE: undefined }, /software/i],
]

describe('is refused in production, and where nobody says what it is', () => {
  test.each(doors)('%s', async (_, settings, why) => {
    expect(await start(world.app, { ...plain, ...settings, STRONGROOM_ENV: 'production' })).toMatch(why)
  })

  test('the test login, where nobody says what it is', async () => {
    const settings = { ...plain, ACCOUNTS_TEST_LOGIN: 'on', STRONGROOM_ENV: undefined }
    expect(await start(world.app, settings)).toMatch(/ACCOUNTS_TEST_LOGIN/)
  })

  const chainAt = (rpcUrl: string) => JSON.stringify({ local: { ...world.chain, rpcUrl } })

  test('a node that is asked in clear, on this machine as well', async () => {
    for (const rpcUrl of ['http://node.example', world.node.url]) {
      const settings = { ...plain, CHAINS: chainAt(rpcUrl), STRONGROOM_ENV: 'production' }
      expect(await start(world.app, settings)).toMatch(/node of local/)
    }
  })

  test('and development serves this machine alone', async () => {
    expect(await start(world.app, { ...plain, HOST: '0.0.0.0' })).toMatch(/loopback/)
    const settings = { ...plain, CHAINS: chainAt('https://node.example'), STRONGROOM_ENV: 'production' }
    expect(await start(world.app, settings)).toBe('serves')
  })
})

test('without the test login nobody is whoever they say they are', async () => {
  const { baseUrl } = await world.app.spawn({ ACCOUNTS_TEST_LOGIN: undefined })
  const body = { method: 'test', token: 'ann', userKey: { type: 'device', publicKey: newKey().publicKey } }
  const answer = await clientOf(baseUrl)({ method: 'POST', path: '/auth/v1/signup', body })
  expect(refused(answer)).toEqual([400, 'UnsupportedMethod'])
})

test.each([
  ['MPC_AUTH_APIS', { MPC_AUTH_APIS: 'accounts,canary' }],
  ['MPC_AUTH_APIS', { MPC_AUTH_APIS: 'accounts,accounts' }],
  ['CHAINS', { CHAINS: '{"canary' }],
  ['CHAINS', { CHAINS: '{"local":{"rpcUrl":"http://canary.example"}}' }],
  ['CHAINS', { CHAINS: '{"moon":{}}' }],
  ['DEFAULT_CHAIN', { DEFAULT_CHAIN: 'canary' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'canary' }],
  ['PUBLIC_URL', { PUBLIC_URL: undefined }],
  ['ACCOUNTS_TEST_LOGIN', { ACCOUNTS_TEST_LOGIN: 'canary' }],
  ['APPLE_NONCE', { APPLE_NONCE: 'canary' }],
  ['PASSKEY_ORIGINS', { PASSKEY_ORIGINS: '' }],
  ['OAUTH_TOKEN_URL', { FIREBASE_PROJECT_ID: 'demo', OAUTH_TOKEN_URL: 'https://canary.example/token' }],
  ['REQUESTS_PER_ACCOUNT', { REQUESTS_PER_ACCOUNT: '0' }],
])('a bad %s ends the start, and its value is not told', async (name, settings) => {
  const said = await start(world.app, settings)
  expect(said).toContain(name)
  expect(said).not.toContain('canary')
})

test('what is not served is not configured, and what is missing is told', async () => {
  const before = (await world.app.log()).length
  expect(await start(world.app, { CHAINS: undefined, PASSKEY_RP_ID: undefined, PASSKEY_ORIGINS: undefined })).toBe(
    'serves',
  )
  const said = (await world.app.log()).slice(before)
  for (const name of ['CHAINS', 'PASSKEY_RP_ID', 'FCM_SERVICE_ACCOUNT']) expect(said).toContain(`${name} is not set`)
  for (const name of ['FACETEC_URL', 'HOOKS_SECRETS']) expect(said).not.toContain(name)
  // The other API was never provisioned here: it asks for that first.
  expect(await start(world.app, { MPC_AUTH_APIS: 'duo' })).toContain('OIDC_ISSUER')
})

describe('apps', () => {
  test('are added, listed and given new secrets by commands, and bad ones are named', async () => {
    const process = world.app.baseUrls.length
    await world.app.spawn()
    const { app } = world
    const added = await app.run('add-app', 'A wallet')
    expect(added.code).toBe(0)
    const [, appId = '', secret = ''] = /^app (\S+)\nsecret (\S+)$/m.exec(added.output) ?? []
    expect(refused(await personOf(world, { process }).signUp(newKey()))).toEqual([401, 'InvalidAppSecret'])
    const headers = { 'X-Hyphen-App-Secret': secret }
    expect(signedIn(await personOf(world, { process, headers }).signUp(newKey())).account.id).toMatch(/-/)
    expect((await app.run('list-apps')).output).toContain(`${appId} A wallet`)
    expect((await app.run('add-app', 'A wallet')).output).toContain('another app has this name')
    expect((await app.run('rotate-app-secret', appId, '0')).output).toMatch(/^secret \S+$/m)
    expect(refused(await personOf(world, { process, headers }).signUp(newKey()))).toEqual([401, 'InvalidAppSecret'])
    for (const given of [
      ['x', '0'],
      [appId, '-1'],
      [appId, '99999'],
    ])
      expect((await app.run('rotate-app-secret', ...given)).code).not.toBe(0)
  })
})
