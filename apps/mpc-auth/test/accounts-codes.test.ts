import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Issuer, startIssuer } from '@strongroom/issuer'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AccountsWorld, newKey, newSubject, refused, startAccounts } from './accounts-world.ts'
import { clientOf } from './client.ts'

const [page, phone] = ['https://wallet.example.com/callback', 'https://wallet.example.com/app']
const clientId = 'wallet'

let issuer: Issuer
let codes: Awaited<ReturnType<typeof startCodes>>
let world: AccountsWorld
beforeAll(async () => {
  issuer = await startIssuer()
  codes = await startCodes()
  const settings = {
    FIREBASE_PROJECT_ID: issuer.audience,
    FIREBASE_ISSUER: issuer.url,
    FIREBASE_KEYS_URL: issuer.keysUrl,
    OAUTH_TOKEN_URL: codes.url,
    OAUTH_ISSUER: issuer.url,
    OAUTH_CLIENT_ID: clientId,
    OAUTH_REDIRECT_URI: `${page}, ${phone}`,
  }
  world = await startAccounts({ settings })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all([issuer.close(), codes.stop()])
})
beforeEach(() => void codes.asked.splice(0))

/** A token endpoint at which every code is bound to a challenge, and to where it was sent; of a client without a secret. */
async function startCodes() {
  const drawn = new Map<
    string,
    { readonly subject: string; readonly challenge: string; readonly redirectUri: string }
  >()
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => void serve(request, response))
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, body] = await answer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  async function answer(request: IncomingMessage): Promise<readonly [number, object]> {
    const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString('utf8'))
    asked.push(form)
    const code = drawn.get(form.get('code') ?? '')
    drawn.delete(form.get('code') ?? '')
    const shown = challengeOf(form.get('code_verifier') ?? '')
    const isRight = code?.challenge === shown && code.redirectUri === form.get('redirect_uri')
    if (!isRight || form.get('client_id') !== clientId) return [400, { error: 'invalid_grant' }]
    return [200, { id_token: await issuer.issueToken({ subject: code.subject, audience: clientId }) }]
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    draw(challenge: string, redirectUri: string): string {
      const code = randomBytes(16).toString('hex')
      drawn.set(code, { subject: newSubject(), challenge, redirectUri })
      return code
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')
const newVerifier = (): string => randomBytes(32).toString('base64url')

function signUp(token: string, brought: object = {}) {
  const userKey = { type: 'device', publicKey: newKey().publicKey }
  const body = { method: 'firebase', token, ...brought, userKey }
  return clientOf(world.app.baseUrls[0] ?? '')({ method: 'POST', path: '/auth/v1/signup', body })
}
const unknown = [401, 'InvalidProviderToken']

test('a code that is bound to a challenge opens an account for who has its verifier, wherever it was sent', async () => {
  for (const redirectUri of [page, phone]) {
    const codeVerifier = newVerifier()
    const code = codes.draw(challengeOf(codeVerifier), redirectUri)
    expect((await signUp(code, { codeVerifier, redirectUri })).status).toBe(201)
  }
})

test('whoever only saw the code opens nothing', async () => {
  const draw = () => codes.draw(challengeOf(newVerifier()), page)
  expect(refused(await signUp(draw(), { redirectUri: page }))).toEqual(unknown)
  expect(refused(await signUp(draw(), { redirectUri: page, codeVerifier: newVerifier() }))).toEqual(unknown)
})

test('no place is guessed, none is asked for that is not configured, and an ID token takes no verifier', async () => {
  const codeVerifier = newVerifier()
  const draw = () => codes.draw(challengeOf(codeVerifier), page)
  expect(refused(await signUp(draw(), { codeVerifier }))).toEqual(unknown)
  expect(refused(await signUp(draw(), { codeVerifier, redirectUri: 'https://evil.example/' }))).toEqual(unknown)
  const idToken = await issuer.issueToken({ subject: newSubject() })
  expect(refused(await signUp(idToken, { codeVerifier }))).toEqual(unknown)
  expect(codes.asked).toEqual([])
  expect((await signUp(idToken)).status).toBe(201)
})

test('no log holds a code or its verifier', async () => {
  const codeVerifier = newVerifier()
  const code = codes.draw(challengeOf(codeVerifier), page)
  await signUp(code, { codeVerifier: newVerifier(), redirectUri: page })
  await signUp(code, { codeVerifier, redirectUri: page })
  const log = await world.app.log()
  expect(log).not.toContain(code)
  expect(log).not.toContain(codeVerifier)
})
