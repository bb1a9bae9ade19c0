import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '@strongroom/crypto'
import { exportJWK } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer, status } from '../test/key-server.ts'
import { signer, type Signer } from '../test/signer.ts'
import { oidcVerifier } from './oidc-verifier.ts'

const audience = 'https://keys.example.com'
const now = () => Math.floor(Date.now() / 1000)

let key: Signer
let http: Server
let issuer: string
const running: KeyServer[] = []
beforeAll(async () => {
  key = await signer('k1', 'RS256')
  http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  issuer = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(key.privateKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] },
    clients: [
      {
        client_id: 'app',
        client_secret: 'of the tests',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    cookies: { keys: ['of the tests'] },
    scopes: ['keys:read'],
    ttl: { ClientCredentials: 600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: 'keys:read',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  http.on('request', (request, response) => void provider.callback()(request, response))
})
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())))
afterAll(async () => {
  http.closeAllConnections()
  await new Promise((done) => http.close(done))
})

async function accessToken(): Promise<Secret> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa('app:of+the+tests')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials&scope=keys:read',
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return new Secret(token)
}

test('an access token of a real issuer is verified, its keys found by discovery', async () => {
  const verifier = oidcVerifier({ issuer, audience, typ: 'at+jwt' })
  const claims = await verifier.verify(await accessToken())
  expect(claims).toMatchObject({ issuer, subject: 'app', rest: { scope: 'keys:read', client_id: 'app' } })
  expect(await oidcVerifier({ issuer, audience: 'https://other' }).verify(await accessToken())).toBeUndefined()
})

/** An issuer that says of itself what `configuration` says. */
async function startIssuer(configuration: (url: string) => unknown): Promise<KeyServer> {
  const server = await startKeyServer((path, response) => {
    const told = path.endsWith('/.well-known/openid-configuration')
    json(told ? configuration(server.url) : { keys: [key.publicKey] })(path, response)
  })
  running.push(server)
  return server
}
const tokenOf = (iss: string) => key.sign({ iss, aud: audience, sub: 'ann', exp: now() + 600 })

test('an issuer is not asked before its first token, and by a path below its own', async () => {
  const server = await startIssuer((url) => ({ issuer: `${url}/realms/keys`, jwks_uri: `${url}/jwks` }))
  const verifier = oidcVerifier({ issuer: `${server.url}/realms/keys`, audience })
  expect(server.asked).toEqual([])
  expect((await verifier.verify(await tokenOf(`${server.url}/realms/keys`)))?.subject).toBe('ann')
  expect(server.asked).toEqual(['/realms/keys/.well-known/openid-configuration', '/jwks'])
})

test.each<[string, (url: string) => unknown, string]>([
  ['calls itself otherwise', (url) => ({ issuer: `${url}/`, jwks_uri: `${url}/jwks` }), 'issuer-mismatch'],
  ['speaks for another', () => ({ issuer: 'https://a.example', jwks_uri: 'https://b.example' }), 'issuer-mismatch'],
  ['names no keys', (url) => ({ issuer: url }), 'no-configuration'],
  ['has its keys on a host without TLS', (url) => ({ issuer: url, jwks_uri: 'http://10.0.0.1/' }), 'keys-address'],
  ['has its keys in a file', (url) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }), 'keys-address'],
])('an issuer that %s is an outage: no token of it is believed', async (_, configuration, code) => {
  const server = await startIssuer(configuration)
  const verified = oidcVerifier({ issuer: server.url, audience }).verify(await tokenOf(server.url))
  await expect(verified).rejects.toMatchObject({ name: 'KeysUnavailable', code })
  expect(server.asked).toHaveLength(1)
})

test('an issuer outside cannot have keys fetched from this machine', async () => {
  const inner = await startIssuer(() => ({}))
  const outside = 'https://login.example.com'
  const answerOfOutside = JSON.stringify({ issuer: outside, jwks_uri: `${inner.url}/jwks` })
  const verifier = oidcVerifier({ issuer: outside, audience, fetch: async () => new Response(answerOfOutside) })
  await expect(verifier.verify(await tokenOf(outside))).rejects.toMatchObject({ code: 'keys-address' })
  expect(inner.asked).toEqual([])
})

test('a redirect of the configuration is not followed', async () => {
  const inner = await startIssuer(() => ({}))
  const server = await startIssuer(() => ({}))
  server.answer = status(307, { location: `${inner.url}/.well-known/openid-configuration` })
  const verified = oidcVerifier({ issuer: server.url, audience }).verify(await tokenOf(server.url))
  await expect(verified).rejects.toMatchObject({ code: 'http-307' })
  expect(inner.asked).toEqual([])
})

test.each([
  'http://login.example.com',
  'login.example.com',
  'https://user:canary@login.example.com',
  'https://login.example.com/?tenant=1',
  'https://login.example.com/#x',
  '',
])('%j is no issuer', (text) => {
  expect(() => oidcVerifier({ issuer: text, audience })).toThrow('an issuer is an https URL')
})
