import { Secret, toUtf8 } from '@strongroom/crypto'
import { changePassword, openIdentityApi, signIn, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, clientOf, newEmail, refused, startIdentityStorage, tally, told, type World } from './client.ts'
import { answering, demandIn, passwordProof } from './demands.ts'
import { newWallet, type Owner } from './owners.ts'
import { passTime } from './pass-time.ts'
import { digestOf, headerOf, secondsAgo } from './signing.ts'
import { adding, envelopeOf, removing } from './transactions.ts'

let world: World
let ann: Owner
let path: string
beforeAll(async () => {
  world = await startIdentityStorage({ processes: 2, settings: { EMAIL_VERIFICATION: 'off', SIGNATURES: 'strict' } })
  ann = await newWallet(world)
  path = `/v3/kyc_recovery_requests?filter[requestor]=${ann.accountId}`
})
afterAll(() => world[Symbol.asyncDispose]())

const bare = refused(401)
let nonces = 0
/** What is signed unless a test says otherwise; each time another. */
const usual = (body = '') => ({ date: secondsAgo(0), digest: digestOf(body), 'x-nonce': String(nonces++) })
async function headersOf(
  covered: string,
  headers: Readonly<Record<string, string>>,
  { method = 'GET', target = path } = {},
) {
  return { ...headers, signature: await headerOf({ by: ann.signer, method, target, covered, headers }) }
}
const ask = async (covered: string, headers: Readonly<Record<string, string>> = usual()): Promise<Answered> =>
  world.ask({ path, headers: await headersOf(covered, headers) })

test('by the client: each request is signed anew, and one that a factor was proven for passes all the same', async () => {
  const api = openIdentityApi({ baseUrl: world.app.baseUrls[0] ?? '', profile: 'strict' })
  const [email, password, another] = [
    newEmail(),
    new Secret(toUtf8('a password of the tests')),
    new Secret(toUtf8('another')),
  ]
  const made = await signUp(api, { email, password })
  for (const _ of [1, 2, 3]) expect((await api.factors.list(made)).map(({ type }) => type)).toEqual(['password'])
  await changePassword(api, made, {
    password,
    newPassword: another,
    buildSignerChange: ({ accountId: source, signer, newSignerId }) =>
      envelopeOf(world.ask, { source, operations: [adding(newSignerId), removing(signer.keyId)], signers: [signer] }),
  })
  expect((await signIn(api, { email, password: another })).accountId).toBe(made.accountId)
})

const statusAt = async (seconds: number) =>
  told(await ask('(request-target) date digest x-nonce', { ...usual(), date: secondsAgo(seconds) }))[0]

describe('a signature', () => {
  test('covers target, date and digest: without one of them it is none', async () => {
    expect((await ask('(request-target) date digest')).status).toBe(200)
    expect((await ask('digest x-nonce date (request-target)')).status).toBe(200)
    for (const covered of [
      '(request-target)',
      '(request-target) date',
      '(request-target) digest',
      'date digest',
      '(request-header) date digest',
      'date digest real-request-target',
    ])
      expect(told(await ask(covered, { ...usual(), 'real-request-target': `get ${path}` })), `of ${covered}`).toEqual(
        bare,
      )
  })

  test('may have X-Date in the place of Date, as pages must, but not both', async () => {
    const { date, ...rest } = usual()
    expect((await ask('(request-target) x-date digest', { ...rest, 'x-date': date })).status).toBe(200)
    const both = { ...usual(), 'x-date': secondsAgo(0) }
    expect(told(await ask('(request-target) date x-date digest', both))).toEqual(bare)
    expect((await ask('(request-target) date digest x-nonce', both)).status).toBe(200)
  })

  test('is good for an hour', async () => {
    expect([await statusAt(3500), await statusAt(3610), await statusAt(-600)]).toEqual([200, 401, 401])
  })

  test('is good once, in every process', async () => {
    const headers = await headersOf('(request-target) date digest x-nonce', { ...usual(), date: secondsAgo(30) })
    const [one, other] = world.app.baseUrls.map((baseUrl) => clientOf(baseUrl))
    expect((await one?.({ path, headers }))?.status).toBe(200)
    for (const process of [one, other]) expect(process && told(await process({ path, headers }))).toEqual(bare)
  })

  test('is good once, of twenty at the same time in two processes', async () => {
    const headers = await headersOf('(request-target) date digest x-nonce', { ...usual(), date: secondsAgo(31) })
    const processes = world.app.baseUrls.map((baseUrl) => clientOf(baseUrl))
    const answers = await Promise.all(
      processes.flatMap((process) => Array.from({ length: 10 }, () => process({ path, headers }))),
    )
    expect(tally(answers)).toEqual({ 200: 1, 401: 19 })
  })

  test('is good once however it is written, and whatever is not signed beside it', async () => {
    const headers = await headersOf('(request-target) date digest x-nonce', { ...usual(), date: secondsAgo(32) })
    expect((await world.ask({ path, headers })).status).toBe(200)
    const { signature, ...rest } = headers
    for (const again of [
      { ...rest, authorization: signature },
      { ...rest, authorization: `Signature ${signature}` },
      { ...rest, signature: signature.split(',').toReversed().join(', ') },
      { ...headers, 'x-other': 'another', 'user-agent': 'another' },
    ])
      expect(told(await world.ask({ path, headers: again }))).toEqual(bare)
  })

  test('that was seen is not taken again when the list was swept', async () => {
    const headers = await headersOf('(request-target) date digest x-nonce', { ...usual(), date: secondsAgo(3500) })
    expect((await world.ask({ path, headers })).status).toBe(200)
    const seen = async () => (await world.app.sql('select count(*)::int as n from proofs.seen_signatures'))[0]?.['n']
    const before = Number(await seen())
    await passTime(world.app, '5 minutes')
    await expect.poll(seen).toBeLessThan(before)
    expect(told(await world.ask({ path, headers }))).toEqual(bare)
  })

  test('is of its body: with another one it is none, and is not used up by it', async () => {
    const target = `/wallets/${ann.walletId}/factors`
    const body = JSON.stringify({ data: { type: 'totp' } })
    const headers = await headersOf('(request-target) date digest x-nonce', usual(body), { method: 'POST', target })
    const post = (text: string) => world.ask({ method: 'POST', path: target, body: text, headers })
    expect(told(await post(JSON.stringify({ data: { type: 'email' } })))).toEqual(bare)
    demandIn(await post(body), 'password')
    expect(told(await post(body))).toEqual(bare)
  })

  test('of the retry is another, and the request the same', async () => {
    const target = `/wallets/${ann.walletId}/factors`
    const body = JSON.stringify({ data: { type: 'email' } })
    const post = async () => {
      const headers = await headersOf('(request-target) date digest x-nonce', usual(body), { method: 'POST', target })
      return world.ask({ method: 'POST', path: target, body, headers })
    }
    const demand = demandIn(await post(), 'password')
    await world.ask(answering(demand, await passwordProof(demand, ann.factor)))
    expect((await post()).status).toBe(201)
  })
})

test('the first version’s signatures are none here, even where an operator accepts them', async () => {
  const { baseUrl } = await world.app.spawn({ LEGACY_SIGNATURES: 'accepted' })
  const until = String(Math.floor(Date.now() / 1000) + 60)
  const headers = {
    'x-authpublickey': ann.signer.keyId,
    'x-authvaliduntilltimestamp': until,
    'x-authsignature': 'AAAA',
  }
  expect(told(await clientOf(baseUrl)({ path, headers }))).toEqual(bare)
})
