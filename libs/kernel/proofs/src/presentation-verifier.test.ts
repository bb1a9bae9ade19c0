import { fromUtf8, Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vector from '../../../../test/vectors/learncard-did-auth.json' with { type: 'json' }
import { holderOf, present, type Wording } from '../test/presentations.ts'
import { forge, movableClock } from '../test/signer.ts'
import { presentationVerifier } from './presentation-verifier.ts'

const { did, domain, challenge } = vector
const ann = holderOf(vector.seed)
const eve = holderOf('ee'.repeat(32))
const now = () => Math.floor(Date.now() / 1000)
const verify = (wording: Wording, holder = ann) =>
  presentationVerifier({ audience: domain }).verify(present(holder, wording))

test('what LearnCard signed for a challenge and a domain is verified', async () => {
  const presented = await presentationVerifier({ audience: domain }).verify(new Secret(vector.challengedToken))
  expect(presented).toEqual({ did, nonce: challenge })
})

test('what LearnCard signs without a challenge is the same for ever, and is verified', async () => {
  expect(await presentationVerifier().verify(new Secret(vector.token))).toEqual({ did })
})

test('these tests lay presentations out as LearnCard does, byte for byte', () => {
  expect(fromUtf8(present(ann).expose())).toBe(vector.token)
  const claims = { aud: domain, nonce: challenge }
  expect(fromUtf8(present(ann, { claims }).expose())).toBe(vector.challengedToken)
})

test('one changed bit of the signature, or of what is signed, is refused', async () => {
  const parts = vector.token.split('.')
  for (const index of [0, 1, 2]) {
    const bytes = Buffer.from(parts[index] ?? '', 'base64url')
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
    const changed = parts.with(index, bytes.toString('base64url')).join('.')
    expect(await presentationVerifier().verify(new Secret(changed))).toBeUndefined()
  }
})

test.each<[string, Wording]>([
  ['another DID than the key’s', { did: eve.did }],
  ['another holder', { vp: { holder: eve.did } }],
  ['no holder', { vp: { holder: undefined } }],
  ['an issuer that is not the holder', { claims: { iss: eve.did } }],
  ['the key of another DID named', { header: { kid: eve.keyId } }],
  ['another DID named that begins alike', { header: { kid: `${did}1#${did.slice(8)}` } }],
  ['another fragment', { header: { kid: `${did}#key-1` } }],
  ['no key named', { header: { kid: undefined } }],
  ['another type of credential', { vp: { type: ['VerifiableCredential'] } }],
  ['another kind of token', { header: { typ: 'at+jwt' } }],
  ['critical extensions', { header: { crit: ['x'], x: 1 } }],
  ['a nonce that is a number', { claims: { nonce: 7 } }],
  ['somebody else’s audience', { claims: { aud: 'https://other.example.com' } }],
  ['no audience among several', { claims: { aud: [] } }],
  ['an end that is over', { claims: { exp: now() - 90 } }],
  ['an end that is text', { claims: { exp: 'never' } }],
  ['a beginning that is yet to come', { claims: { nbf: now() + 600 } }],
  ['another algorithm named', { header: { alg: 'Ed25519' } }],
])('a presentation with %s is refused', async (_, wording) => {
  expect(await verify(wording)).toBeUndefined()
})

test('another key does not sign for a DID, whatever key it names', async () => {
  expect(await verify({ did, header: { kid: ann.keyId } }, eve)).toBeUndefined()
  expect(await verify({ did }, eve)).toBeUndefined()
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(eve.publicKey).toString('base64url') }
  expect(await verify({ did, header: { kid: ann.keyId, jwk } }, eve)).toBeUndefined()
})

test.each<[string, object]>([
  ['no signature', { alg: 'none', kid: ann.keyId }],
  ['a MAC', { alg: 'HS256', kid: ann.keyId }],
])('a presentation with %s is refused', async (_, header) => {
  const claims = { iss: did, vp: { type: ['VerifiablePresentation'], holder: did } }
  for (const signature of ['', 'AAAA'])
    expect(await presentationVerifier().verify(forge(header, claims, signature))).toBeUndefined()
})

test('one that names an audience is refused where we have no name to compare it with', async () => {
  expect(await presentationVerifier().verify(new Secret(vector.challengedToken))).toBeUndefined()
})

test('dates are judged by the process clock', async () => {
  const { clock, move } = movableClock()
  const token = present(ann, { claims: { exp: now() + 300 } })
  const verifier = presentationVerifier({ clock })
  expect(await verifier.verify(token)).toEqual({ did })
  move(400)
  expect(await verifier.verify(token)).toBeUndefined()
})

test('a did:web is unknown unless its host is allowed', async () => {
  const asked: string[] = []
  const fetch = async (url: URL) => {
    asked.push(url.href)
    return new Response('{}')
  }
  const web = 'did:web:example.com'
  expect(
    await presentationVerifier({ fetch }).verify(present(ann, { did: web, header: { kid: `${web}#1` } })),
  ).toBeUndefined()
  expect(asked).toEqual([])
})
