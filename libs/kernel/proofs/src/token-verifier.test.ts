import { createHmac } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import type { JWTPayload } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer } from '../test/key-server.ts'
import { forge, signer, type Signer } from '../test/signer.ts'
import { tokenVerifier, type TokenRules } from './token-verifier.ts'

const issuer = 'https://login.example.com/'
const audience = 'keys'
const now = () => Math.floor(Date.now() / 1000)
const good = () => ({ iss: issuer, aud: audience, sub: 'ann', exp: now() + 600, iat: now() })

let server: KeyServer
let ours: Signer
beforeAll(async () => {
  ours = await signer('k1')
  server = await startKeyServer(json({ keys: [ours.publicKey] }))
})
afterAll(() => server.stop())

const verifier = (rules: Partial<TokenRules> = {}) => tokenVerifier({ issuer, audience, keysUrl: server.url, ...rules })
const verify = async (claims: JWTPayload, header?: Record<string, unknown>) =>
  verifier().verify(await ours.sign(claims, header))

test('a good token tells its issuer, its subject, and the rest', async () => {
  const claims = { ...good(), email: 'ann@example.com' }
  expect(await verify(claims)).toEqual({
    issuer,
    subject: 'ann',
    rest: { aud: audience, exp: claims.exp, iat: claims.iat, email: 'ann@example.com' },
  })
})

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('%s is accepted unless said otherwise', async (alg) => {
  const other = await signer('k2', alg)
  const keys = await startKeyServer(json({ keys: [ours.publicKey, other.publicKey] }))
  try {
    expect(await verifier({}).verify(await other.sign(good()))).toBeUndefined()
    const token = await other.sign(good())
    expect((await tokenVerifier({ issuer, audience, keysUrl: keys.url }).verify(token))?.subject).toBe('ann')
  } finally {
    await keys.stop()
  }
})

test.each<[string, object]>([
  ['another issuer', { iss: 'https://login.example.com' }],
  ['no issuer', { iss: undefined }],
  ['another audience', { aud: 'keys2' }],
  ['other audiences', { aud: ['a', 'b'] }],
  ['no audience', { aud: undefined }],
  ['an end that is over', { exp: now() - 61 }],
  ['no end', { exp: undefined }],
  ['an end that is text', { exp: String(now() + 600) }],
  ['a beginning that is yet to come', { nbf: now() + 600 }],
  ['an issue date that is yet to come', { iat: now() + 600 }],
  ['no subject', { sub: undefined }],
  ['an empty subject', { sub: '' }],
  ['a subject that is a number', { sub: 7 }],
])('a token with %s is refused', async (_, change) => {
  expect(await verify({ ...good(), ...change })).toBeUndefined()
})

test('a minute of difference between clocks is forgiven', async () => {
  expect(await verify({ ...good(), exp: now() - 30, nbf: now() + 30, iat: now() + 30 })).toBeDefined()
})

test('one of several audiences is enough, on either side', async () => {
  const token = await ours.sign({ ...good(), aud: ['other', 'keys'] })
  expect(await verifier({ audience: ['mobile', 'keys'] }).verify(token)).toBeDefined()
})

test('whoever reads the public key cannot sign with it as a MAC key', async () => {
  const published = ours.publicKey
  for (const key of [JSON.stringify(published), published.x ?? '', Buffer.from(published.x ?? '', 'base64url')]) {
    const unsigned = forge({ alg: 'HS256', kid: 'k1' }, good(), 'x')
    const input = Buffer.from(unsigned.expose()).toString().split('.').slice(0, 2).join('.')
    const mac = createHmac('sha256', key).update(input).digest('base64url')
    expect(await verifier().verify(new Secret(`${input}.${mac}`))).toBeUndefined()
  }
})

test.each<[string, () => Secret | Promise<Secret>]>([
  ['no signature', () => forge({ alg: 'none' }, good())],
  ['the algorithm none and something behind it', () => forge({ alg: 'none', kid: 'k1' }, good(), 'AAAA')],
  ['critical extensions', () => ours.sign(good(), { crit: ['b64'], b64: true })],
  ['another key under the same id', async () => (await signer('k1')).sign(good())],
  ['a key of its own in the header', () => ours.sign(good(), { kid: 'k9', jwk: ours.publicKey })],
  ['17 KiB', () => ours.sign({ ...good(), padding: 'x'.repeat(17_000) })],
  ['no shape', () => new Secret('canary')],
  ['bytes that are no text', () => new Secret(Uint8Array.of(0xff, 0xfe))],
  ['five parts', () => new Secret('a.b.c.d.e')],
])('a token with %s is refused', async (_, token) => {
  expect(await verifier().verify(await token())).toBeUndefined()
})

test('where a type is demanded, a token of another type does not stand in for it', async () => {
  const access = verifier({ typ: 'at+jwt' })
  expect(await access.verify(await ours.sign(good(), { typ: 'at+jwt' }))).toBeDefined()
  expect(await access.verify(await ours.sign(good(), { typ: 'application/at+jwt' }))).toBeDefined()
  expect(await access.verify(await ours.sign(good(), { typ: 'JWT' }))).toBeUndefined()
  expect(await access.verify(await ours.sign(good()))).toBeUndefined()
})

test('where several types are named, each will do, and no other', async () => {
  const several = verifier({ typ: ['at+jwt', 'JWT', undefined] })
  for (const header of [{ typ: 'at+jwt' }, { typ: 'application/AT+JWT' }, { typ: 'jwt' }, {}])
    expect(await several.verify(await ours.sign(good(), header))).toBeDefined()
  for (const typ of ['logout+jwt', 'dpop+jwt', 'at', '', 'application/', 7, null])
    expect(await several.verify(await ours.sign(good(), { typ }))).toBeUndefined()
  expect(await verifier({ typ: ['at+jwt', 'JWT'] }).verify(await ours.sign(good()))).toBeUndefined()
})

test('a token of another algorithm than those named is refused', async () => {
  expect(await verifier({ algorithms: ['RS256'] }).verify(await ours.sign(good()))).toBeUndefined()
})

test.each<[string, object]>([
  ['a MAC', { algorithms: ['RS256', 'HS256'] }],
  ['no signature', { algorithms: ['none'] }],
  ['no algorithm', { algorithms: [] }],
  ['no audience', { audience: [] }],
  ['an empty audience', { audience: '' }],
  ['an empty issuer', { issuer: '' }],
  ['keys without TLS', { keysUrl: 'http://login.example.com/keys' }],
  ['keys behind a password', { keysUrl: 'https://user:canary@login.example.com/keys' }],
  ['keys in a file', { keysUrl: 'file:///etc/keys' }],
])('a verifier that would take %s is not made', (_, change) => {
  expect(() => tokenVerifier({ issuer, audience, keysUrl: server.url, ...change })).toThrow(TypeError)
})
