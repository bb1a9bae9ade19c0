import { fromBase64url, fromHex, fromUtf8, Secret, toUtf8, verifyEd25519 } from '@strongroom/crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import vectors from '../test/vectors/learncard-formats.json' with { type: 'json' }
import { didOf, isSeedOf, makePresentation, textOf } from './did.ts'

const { did, challenge, audience, jwt } = vectors.presentation
const seed = new Secret(fromHex(vectors.presentation.seed))

test('the DID of a seed is the published one, and no other seed has it', () => {
  expect(didOf(seed)).toBe(did)
  expect(isSeedOf(did)(seed)).toBe(true)
  expect(isSeedOf(did)(new Secret(new Uint8Array(32)))).toBe(false)
})

test('a presentation is to the byte what the published client makes', () => {
  expect(textOf(makePresentation(seed, { challenge, audience }))).toBe(jwt)
})

test('without a challenge it names the wallet and nothing else, always alike', () => {
  const [header, payload, signature] = textOf(makePresentation(seed)).split('.') as [string, string, string]
  const key = did.slice('did:key:'.length)
  expect(fromUtf8(fromBase64url(header))).toBe(`{"alg":"EdDSA","kid":"${did}#${key}"}`)
  expect(fromUtf8(fromBase64url(payload))).toBe(
    `{"iss":"${did}","vp":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"${did}"}}`,
  )
  const publicKey = ed25519.getPublicKey(seed.expose())
  const message = toUtf8(`${header}.${payload}`)
  expect(verifyEd25519({ message, signature: fromBase64url(signature), publicKey })).toBe(true)
  expect(makePresentation(seed).equals(makePresentation(seed))).toBe(true)
})

test('a presentation does not print', () => {
  expect(JSON.stringify({ presentation: makePresentation(seed) })).toBe('{"presentation":"[secret]"}')
})
