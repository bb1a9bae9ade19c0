import { createPublicKey } from 'node:crypto'
import { base58 } from '@scure/base'
import { fromHex } from '@strongroom/crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import vector from '../../../test/vectors/learncard-did-auth.json' with { type: 'json' }
import { didOf, makePresentation } from './index.ts'

const { did } = vector
const seed = fromHex(vector.seed)

test('it is byte for byte what the wallet of LearnCard makes', () => {
  expect(didOf(seed)).toBe(did)
  const { challenge, domain: audience } = vector
  expect(makePresentation({ seed, challenge, audience })).toBe(vector.challengedToken)
  expect(makePresentation({ seed })).toBe(vector.token)
})

test('it says nothing but who holds it, and without a challenge it is the same for ever', () => {
  const made = makePresentation({ seed })
  expect(decodeProtectedHeader(made)).toEqual({ alg: 'EdDSA', kid: `${did}#${did.slice('did:key:'.length)}` })
  expect(decodeJwt(made)).toEqual({
    iss: did,
    vp: { '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiablePresentation'], holder: did },
  })
})

test('its signature is verified with the key that its DID is', async () => {
  const bytes = base58.decode(did.slice('did:key:z'.length)).subarray(2)
  const x = Buffer.from(bytes).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const { payload } = await jwtVerify(makePresentation({ seed, challenge: 'c', audience: 'a' }), key, { audience: 'a' })
  expect(payload).toMatchObject({ iss: did, aud: 'a', nonce: 'c' })
})
