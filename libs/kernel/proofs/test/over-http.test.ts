import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromUtf8 } from '@strongroom/crypto'
import { allOf, endpoint, implement, listener, mount, optional, problems, reply } from '@strongroom/http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  challengedPresentation,
  challengesFor,
  didPresentation,
  issueChallenge,
  loginFields,
  loginToken,
  presentationVerifier,
  proveChallengedPresentation,
  proveDidPresentation,
  proveLoginToken,
  tokenVerifier,
} from '../src/index.ts'
import { type ChallengeWorld, startChallengeWorld } from './challenge-world.ts'
import { json, type KeyServer, startKeyServer, status } from './key-server.ts'
import { holderOf, present } from './presentations.ts'
import { signer, type Signer } from './signer.ts'

const who = z.object({ email: z.string().optional(), did: z.string().optional() })
const put = endpoint({
  method: 'PUT',
  path: '/share',
  summary: 'Keep a share.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  body: z.object(loginFields),
  reply: { 200: who },
  refusals: [],
})
const get = endpoint({
  method: 'GET',
  path: '/share',
  summary: 'Tell a share.',
  proof: allOf({ login: loginToken, did: optional(didPresentation) }),
  query: z.object(loginFields),
  reply: { 200: who },
  refusals: [],
})
const restore = endpoint({
  method: 'POST',
  path: '/restore',
  summary: 'Bring a share back.',
  proof: challengedPresentation,
  body: z.object({}),
  reply: { 200: who },
  refusals: [],
})
const handlers = [
  implement<object>()(put, async ({ proof }) => reply(200, { email: proof.login.email, did: proof.did.did })),
  implement<object>()(get, async ({ proof }) => reply(200, { email: proof.login.email, did: proof.did?.did })),
  implement<object>()(restore, async ({ proof }) => reply(200, { did: proof.did })),
]

const purpose = 'did-auth'
const issuer = 'https://login.example.com'
const ann = holderOf('aa'.repeat(32))
const vp = `Bearer ${fromUtf8(present(ann).expose())}`
let world: ChallengeWorld
let key: Signer
let keys: KeyServer
let http: Server
let base: string
beforeAll(async () => {
  key = await signer('k1')
  keys = await startKeyServer(json({ keys: [key.publicKey] }))
  world = await startChallengeWorld()
})
afterAll(async () => {
  await Promise.all([keys.stop(), world.close()])
})
beforeEach(async () => {
  http?.closeAllConnections()
  http?.close()
  const app = listener({
    mounts: [
      mount({
        dialect: problems,
        handlers,
        provers: [proveLoginToken, proveDidPresentation, proveChallengedPresentation],
        deps: {
          logins: { oidc: tokenVerifier({ issuer, audience: 'keys', keysUrl: keys.url }) },
          presentations: presentationVerifier(),
          challenges: challengesFor(world, purpose),
          didAuth: 'vp' as const,
        },
      }),
    ],
  })
  http = createServer((request, response) => void app.callback()(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  base = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`
})
afterAll(() => {
  http.closeAllConnections()
  http.close()
})

const token = async () => {
  const claims = { iss: issuer, aud: 'keys', sub: 'ann', email: 'Ann@example.com', email_verified: true }
  return fromUtf8((await key.sign({ ...claims, exp: Math.floor(Date.now() / 1000) + 600 })).expose())
}
const ask = async (method: string, path: string, { body, vp: bearer }: { body?: object; vp?: string } = {}) => {
  const answer = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', ...(bearer !== undefined && { authorization: bearer }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const told = (await answer.json()) as { title?: string; email?: string; did?: string }
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...told }
}

test('token in the body and presentation in the header are proved together', async () => {
  const body = { authToken: await token(), providerType: 'oidc' }
  const both = await ask('PUT', '/share', { body, vp })
  expect(both).toMatchObject({ status: 200, email: 'ann@example.com', did: ann.did })
  expect(await ask('PUT', '/share', { body })).toMatchObject({ status: 401, title: 'UNAUTHORIZED' })
  const forged = await ask('PUT', '/share', { body: { ...body, authToken: `${body.authToken}x` }, vp })
  expect(forged).toMatchObject({ status: 401, title: 'Invalid OIDC token' })
})

test('token in the query, presentation only where it is brought', async () => {
  const path = `/share?authToken=${await token()}&providerType=oidc`
  expect(await ask('GET', path)).toMatchObject({ status: 200, email: 'ann@example.com' })
  expect(await ask('GET', path, { vp })).toMatchObject({ status: 200, did: ann.did })
  expect(await ask('GET', path, { vp: `${vp}x` })).toMatchObject({ status: 401 })
  expect(await ask('GET', path.replace('oidc', 'keycloak'))).toMatchObject({ status: 501 })
  expect(await ask('GET', '/share?providerType=oidc')).toMatchObject({ status: 400 })
})

test('what demands a challenge takes no presentation without one', async () => {
  expect(await ask('POST', '/restore', { body: {}, vp })).toMatchObject({ status: 401, title: 'UNAUTHORIZED' })
  const nonce = await issueChallenge(world, { subject: ann.did, purpose, lifetime: 600 })
  const fresh = `Bearer ${fromUtf8(present(ann, { claims: { nonce } }).expose())}`
  expect(await ask('POST', '/restore', { body: {}, vp: fresh })).toMatchObject({ status: 200, did: ann.did })
  expect(await ask('POST', '/restore', { body: {}, vp: fresh })).toMatchObject({ status: 401 })
})

test('an issuer that is away is an outage: neither let in nor refused', async () => {
  const { answer } = keys
  keys.answer = status(503)
  const body = { authToken: await token(), providerType: 'oidc' }
  expect(await ask('PUT', '/share', { body, vp })).toMatchObject({ status: 503, retryAfter: '5' })
  keys.answer = answer
})
