import { Secret, toUtf8 } from '@strongroom/crypto'
import { openIdentityApi, signIn, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, newEmail, startIdentityStorage, type World } from './client.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { newWallet, type Owner } from './owners.ts'
import { headerOf, secondsAgo } from './signing.ts'

const prefix = '/_/api'
let world: World
let gateway: Gateway
let ann: Owner
let path: string
beforeAll(async () => {
  const settings = { EMAIL_VERIFICATION: 'off', GATEWAY_PREFIX: prefix, TRUSTED_PROXY_HOPS: '1' }
  world = await startIdentityStorage({ settings })
  gateway = await startGateway(world.app.baseUrls[0] ?? '', prefix)
  ann = await newWallet(world)
  path = `/v3/kyc_recovery_requests?filter[requestor]=${ann.accountId}`
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

async function statusOf(covered: string, { target = path, real = '' } = {}): Promise<number> {
  const headers = { date: secondsAgo(0), 'real-request-target': real }
  const signature = await headerOf({ by: ann.signer, target, covered, headers })
  return (await clientOf(gateway.baseUrl)({ path, headers: { ...headers, signature } })).status
}

test('by the client, behind a gateway that takes a prefix off: what is signed is what the app sees', async () => {
  const api = openIdentityApi({ baseUrl: gateway.baseUrl })
  const [email, password] = [newEmail(), new Secret(toUtf8('a password of the tests'))]
  const made = await signUp(api, { email, password })
  expect((await api.factors.list(made)).map(({ type }) => type)).toEqual(['password'])
  expect((await signIn(api, { email, password })).accountId).toBe(made.accountId)
})

test('the target in a signature is that behind the prefix', async () => {
  expect(await statusOf('(request-target)')).toBe(200)
  expect(await statusOf('(request-target)', { target: `${prefix}${path}` })).toBe(401)
})

test('real-request-target may name the one in front of it, or this one, and no other', async () => {
  const covered = 'date real-request-target'
  for (const real of [`get ${prefix}${path}`, `get ${path}`]) expect(await statusOf(covered, { real })).toBe(200)
  for (const real of [
    `get ${prefix}${prefix}${path}`,
    `get /other${path}`,
    `post ${prefix}${path}`,
    `get ${prefix}/`,
    '',
  ])
    expect(await statusOf(covered, { real }), `of ${real}`).toBe(401)
})
