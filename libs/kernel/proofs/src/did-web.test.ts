import { isOutage } from '@strongroom/http'
import { base58 } from '@scure/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer, status } from '../test/key-server.ts'
import { holderOf, present } from '../test/presentations.ts'
import { webKeys } from './did-web.ts'
import { presentationVerifier } from './presentation-verifier.ts'

const ann = holderOf('aa'.repeat(32))
const eve = holderOf('ee'.repeat(32))
const did = 'did:web:example.com'
const keyId = `${did}#key-1`
const multikey = ann.did.slice('did:key:'.length)
const document = (entry: object = { publicKeyMultibase: multikey }, rest: object = {}) => ({
  id: did,
  verificationMethod: [
    { id: keyId, type: 'Multikey', controller: did, ...entry },
    { id: `${did}#key-2`, type: 'Multikey', controller: did, publicKeyMultibase: eve.did.slice(8) },
  ],
  authentication: [keyId],
  assertionMethod: [`${did}#key-2`],
  ...rest,
})

let server: KeyServer
let asked: string[]
beforeEach(async () => {
  server = await startKeyServer(json(document()))
  asked = []
})
afterEach(() => server.stop())

/** Every host is our server; what was asked for is kept. */
const fetchHere = (url: URL, options: RequestInit) => {
  asked.push(url.href)
  return fetch(new URL(url.pathname, server.url), options)
}
const hosts = ['example.com', 'example.com:8443']
const find = (id = did, key = `${id}#key-1`) => webKeys({ hosts, fetch: fetchHere })(id, key)
const found = async () => Buffer.from((await find()) ?? []).equals(ann.publicKey)

test('a presentation by a key that the document lists for authentication is verified', async () => {
  const verifier = presentationVerifier({ webHosts: hosts, fetch: fetchHere })
  expect(await verifier.verify(present(ann, { did, header: { kid: keyId } }))).toEqual({ did })
  expect(await verifier.verify(present(eve, { did, header: { kid: keyId } }))).toBeUndefined()
  const listedOtherwise = present(eve, { did, header: { kid: `${did}#key-2` } })
  expect(await verifier.verify(listedOtherwise)).toBeUndefined()
})

test.each([
  ['did:web:example.com', 'https://example.com/.well-known/did.json'],
  ['did:web:example.com%3A8443', 'https://example.com:8443/.well-known/did.json'],
  ['did:web:example.com:users:ann', 'https://example.com/users/ann/did.json'],
])('%s is at %s', async (id, url) => {
  await find(id)
  expect(asked).toEqual([url])
})

test.each([
  'did:web:other.com',
  'did:web:sub.example.com',
  'did:web:example.com.',
  'did:web:EXAMPLE.com',
  'did:web:example.com%3a8443',
  'did:web:example.com%3A443',
  'did:web:example.com%3A9999',
  'did:web:example.com:8443',
  'did:web:user%40example.com',
  'did:web:other.com%2Fexample.com',
  'did:web:example.com:..:secret',
  'did:web:example.com:a%2F..%2Fb',
  'did:web:example.com::a',
  'did:web:example.com:',
  'did:web:example.com?x',
  'did:web:example.com/a',
  'did:web:127.0.0.1',
  'did:web:',
  'did:ion:example.com',
])('%s is not asked for', async (id) => {
  const path = id === 'did:web:example.com:8443' ? ['https://example.com/8443/did.json'] : []
  expect(await find(id)).toBeUndefined()
  expect(asked).toEqual(path)
})

test.each<[string, object]>([
  ['a multikey', { publicKeyMultibase: multikey }],
  ['a JWK', { publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(ann.publicKey).toString('base64url') } }],
  ['base58', { publicKeyBase58: base58.encode(ann.publicKey) }],
])('a key may be written as %s', async (_, entry) => {
  server.answer = json(document(entry))
  expect(await found()).toBe(true)
})

test('ids may be relative, and a method may stand in the list itself', async () => {
  server.answer = json(document({ id: '#key-1', publicKeyMultibase: multikey }, { authentication: ['#key-1'] }))
  expect(await found()).toBe(true)
  const embedded = { id: keyId, type: 'Multikey', controller: did, publicKeyMultibase: multikey }
  server.answer = json({ id: did, authentication: [embedded] })
  expect(await found()).toBe(true)
})

test.each<[string, unknown]>([
  ['for another DID', document(undefined, { id: 'did:web:example.com:other' })],
  ['that lists the key for something else', document(undefined, { authentication: [], assertionMethod: [keyId] })],
  ['that lists a key which it has not', document({ id: `${did}#key-9`, publicKeyMultibase: multikey })],
  ['with a key of another curve', document({ publicKeyJwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } })],
  ['with a key that is cut', document({ publicKeyMultibase: multikey.slice(0, -1) })],
  ['with a key that is no point', document({ publicKeyBase58: base58.encode(new Uint8Array(32).fill(0xff)) })],
  ['with a JWK that is no base64url', document({ publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: '!!' } })],
  ['with no key', document({})],
  ['that is no document', ['canary']],
  ['that is null', null],
])('a document %s has no key of it', async (_, answer) => {
  server.answer = json(answer)
  expect(await find()).toBeUndefined()
})

test.each([301, 302, 307, 308, 404, 410])('an answer of %i means no key, and is not followed', async (code) => {
  server.answer = status(code, { location: '/elsewhere' })
  expect(await find()).toBeUndefined()
  expect(server.asked).toEqual(['/.well-known/did.json'])
})

test('a document of 200 KiB is not read', async () => {
  server.answer = json(document(undefined, { padding: 'x'.repeat(200_000) }))
  expect(await find()).toBeUndefined()
})

test.each([429, 500, 503])('an answer of %i is an outage, not a no', async (code) => {
  server.answer = status(code)
  const error: unknown = await find().catch((thrown: unknown) => thrown)
  expect(isOutage(error)).toBe(true)
  expect(error).toMatchObject({ code: `http-${String(code)}` })
})

test('many presentations at once do not make us a flood for an allowed host', async () => {
  const waiting: (() => void)[] = []
  server.answer = (path, response) => void waiting.push(() => json(document())(path, response))
  const keys = webKeys({ hosts, fetch: fetchHere })
  const all = Promise.allSettled(Array.from({ length: 50 }, () => keys(did, keyId)))
  await expect.poll(() => waiting.length).toBe(8)
  for (const answer of waiting) answer()
  const settled = await all
  expect(settled.filter((one) => one.status === 'rejected' && isOutage(one.reason))).toHaveLength(42)
  expect(server.asked).toHaveLength(8)
  server.answer = json(document())
  expect(await keys(did, keyId)).toBeDefined()
})

test.each(['Example.com', 'https://example.com', 'example.com/', 'example.com:443', 'a@example.com', '', '*'])(
  '%j is no host to allow',
  (host) => {
    expect(() => webKeys({ hosts: [host], fetch: undefined })).toThrow('a host of did:web')
  },
)
