import { afterAll, beforeAll, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer } from '../test/key-server.ts'
import { forge, signer, type Signer } from '../test/signer.ts'
import { firebaseVerifier } from './firebase-verifier.ts'
import type { TokenVerifier } from './token-verifier.ts'

const projectId = 'demo-project'
let google: Signer
let server: KeyServer
let verifier: TokenVerifier
beforeAll(async () => {
  google = await signer('g1', 'RS256')
  server = await startKeyServer(json({ keys: [google.publicKey] }))
  verifier = firebaseVerifier({ projectId, keysUrl: server.url })
})
afterAll(() => server.stop())

const now = () => Math.floor(Date.now() / 1000)
const good = () => ({
  iss: 'https://securetoken.google.com/demo-project',
  aud: projectId,
  sub: 'uid-of-ann',
  auth_time: now() - 60,
  iat: now() - 60,
  exp: now() + 3540,
  email: 'ann@example.com',
  email_verified: true,
})

test('an ID token of the project is verified', async () => {
  const claims = await verifier.verify(await google.sign(good()))
  expect(claims).toMatchObject({ subject: 'uid-of-ann', rest: { email: 'ann@example.com' } })
})

test('a project may have its tokens from another issuer', async () => {
  const own = firebaseVerifier({ projectId, issuer: 'https://login.example.com', keysUrl: server.url })
  expect(await own.verify(await google.sign({ ...good(), iss: 'https://login.example.com' }))).toBeDefined()
  expect(await own.verify(await google.sign(good()))).toBeUndefined()
})

test.each<[string, object]>([
  ['another project', { iss: 'https://securetoken.google.com/other', aud: 'other' }],
  ['another project as audience', { aud: 'other' }],
  ['a sign-in that is yet to come', { auth_time: now() + 120 }],
  ['no sign-in', { auth_time: undefined }],
  ['a sign-in that is text', { auth_time: '1' }],
  ['a subject of 129 characters', { sub: 'x'.repeat(129) }],
  ['no subject', { sub: '' }],
])('a token with %s is refused', async (_, change) => {
  expect(await verifier.verify(await google.sign({ ...good(), ...change }))).toBeUndefined()
})

test('a token of the emulator, which is not signed, is refused', async () => {
  expect(await verifier.verify(forge({ alg: 'none', typ: 'JWT' }, good()))).toBeUndefined()
})

test('a token that is signed otherwise than Google signs is refused, though its key is published', async () => {
  const other = await signer('g2', 'ES256')
  const both = await startKeyServer(json({ keys: [google.publicKey, other.publicKey] }))
  try {
    const token = await other.sign(good())
    expect(await firebaseVerifier({ projectId, keysUrl: both.url }).verify(token)).toBeUndefined()
  } finally {
    await both.stop()
  }
})

test.each(['', 'Demo', 'a/b', 'a b'])('%j is no project', (text) => {
  expect(() => firebaseVerifier({ projectId: text })).toThrow('Firebase project')
})
