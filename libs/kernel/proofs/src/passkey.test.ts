import { p256 } from '@noble/curves/nist.js'
import { fromBase64url, systemRandom, sha256, toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import { describe, expect, it } from 'vitest'
import { authenticator, BE, BS, rules, type Saying, UP, UV } from '../test/authenticator.ts'
import { splitAssertion, verifyPasskey } from './passkey.ts'
import { PasskeyAssertion } from './passkey-shapes.ts'

const { passkey, assert } = authenticator()
const challenge = systemRandom(32)

const judge = (saying: Saying = {}, signCount = 0) =>
  verifyPasskey(rules, { assertion: assert(challenge, saying), challenge, passkey: { ...passkey, signCount } })

describe('the answer of a passkey', () => {
  it('is its answer, here, to this challenge', async () => {
    expect(await judge()).toEqual({ signCount: 0, backedUp: false })
    expect(await judge({ flags: UP | UV | BE | BS })).toEqual({ signCount: 0, backedUp: true })
    expect(PasskeyAssertion.safeParse(assert(challenge)).success).toBe(true)
  })

  it.each<[string, Saying]>([
    ['another type', { type: 'webauthn.create' }],
    ['a payment', { type: 'payment.get' }],
    ['another challenge', { challenge: toBase64url(systemRandom(32)) }],
    ['the challenge in hex', { challenge: toHex(challenge) }],
    ['the challenge’s hex text in base64url', { challenge: toBase64url(toUtf8(toHex(challenge))) }],
    ['the challenge with padding', { challenge: `${toBase64url(challenge)}=` }],
    ['another origin', { origin: 'https://wallet.example.com.evil.example' }],
    ['an origin of another case', { origin: 'https://Wallet.example.com' }],
    ['an origin without TLS', { origin: 'http://wallet.example.com' }],
    ['a frame of another site', { more: { crossOrigin: true } }],
    ['a page around it', { more: { topOrigin: 'https://evil.example' } }],
    ['a frame that is none for certain', { more: { crossOrigin: 'no' } }],
    ['another relying party', { rpId: 'example.com' }],
    ['nobody present', { flags: UV }],
    ['somebody, not verified', { flags: UP }],
    ['another credential', { id: toBase64url(systemRandom(16)) }],
    ['data that is not there', { flags: UP | UV | 0x80 }],
    ['a key that is not there', { flags: UP | UV | 0x40 }],
  ])('is refused with %s', async (_, saying) => {
    expect(await judge(saying)).toBeUndefined()
  })

  it('may be kept in several places if it could be when it was made, and not else', async () => {
    const says = (flags: number, backupEligible: boolean) => {
      const known = { ...passkey, signCount: 0, backupEligible }
      return verifyPasskey(rules, { assertion: assert(challenge, { flags }), challenge, passkey: known })
    }
    expect(await says(UP | UV | BE, true)).toEqual({ signCount: 0, backedUp: false })
    expect(await says(UP | UV | BE | BS, true)).toEqual({ signCount: 0, backedUp: true })
    expect(await says(UP | UV, false)).toEqual({ signCount: 0, backedUp: false })
    expect(await says(UP | UV | BE, false)).toBeUndefined()
    expect(await says(UP | UV, true)).toBeUndefined()
    expect(await says(UP | UV | BS, false)).toBeUndefined()
  })

  it('counts up, or does not count at all', async () => {
    expect(await judge({ signCount: 8 }, 7)).toMatchObject({ signCount: 8 })
    expect(await judge({ signCount: 7 }, 7)).toBeUndefined()
    expect(await judge({ signCount: 6 }, 7)).toBeUndefined()
    expect(await judge({ signCount: 0 }, 7)).toBeUndefined()
  })

  it('is refused with one bit of any field turned', async () => {
    const whole = assert(challenge)
    for (const field of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
      const bytes = fromBase64url(whole[field])
      for (const at of bytes.keys()) {
        const turned = bytes.with(at, (bytes[at] ?? 0) ^ 1)
        const assertion = { ...whole, [field]: toBase64url(turned) }
        expect(await verifyPasskey(rules, { assertion, challenge, passkey }), `${field} ${String(at)}`).toBeUndefined()
      }
    }
  })

  it('is refused from another key, or without a signature', async () => {
    const answered = { assertion: authenticator().assert(challenge, { id: passkey.credentialId }), challenge, passkey }
    expect(await verifyPasskey(rules, answered)).toBeUndefined()
    const unsigned = { ...assert(challenge), signature: 'MAA' }
    expect(await verifyPasskey(rules, { ...answered, assertion: unsigned })).toBeUndefined()
    const garbled = { ...assert(challenge), clientDataJSON: '____' }
    expect(await verifyPasskey(rules, { ...answered, assertion: garbled })).toBeUndefined()
  })

  it('of either s is its answer', async () => {
    const assertion = assert(challenge)
    const { r, s } = p256.Signature.fromBytes(fromBase64url(assertion.signature), 'der')
    const other = new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('der')
    const answered = { assertion: { ...assertion, signature: toBase64url(other) }, challenge, passkey }
    expect(await verifyPasskey(rules, answered)).toMatchObject({ signCount: 0 })
  })

  it('is judged by rules, a challenge and a key that are some', async () => {
    const assertion = assert(challenge)
    const judged = { assertion, challenge, passkey }
    await expect(verifyPasskey(rules, { ...judged, challenge: challenge.subarray(1) })).rejects.toThrow(TypeError)
    await expect(verifyPasskey({ ...rules, origins: [] }, judged)).rejects.toThrow(TypeError)
    await expect(verifyPasskey({ ...rules, origins: ['null'] }, judged)).rejects.toThrow(TypeError)
    await expect(verifyPasskey({ ...rules, origins: ['https://*.example.com'] }, judged)).rejects.toThrow(TypeError)
    await expect(verifyPasskey({ ...rules, rpId: '' }, judged)).rejects.toThrow(TypeError)
    const off = { ...passkey, publicKey: new Uint8Array(64).fill(1) }
    await expect(verifyPasskey(rules, { ...judged, passkey: off })).rejects.toThrow('P-256')
  })
})

describe('an answer for a chain', () => {
  it('is taken apart into what was signed', () => {
    const assertion = assert(challenge)
    const parts = splitAssertion(assertion)
    if (!parts) throw new Error('it was not taken apart')
    const { r, s, authenticatorData, clientDataJSON } = parts
    const signed = Uint8Array.of(...authenticatorData, ...sha256(toUtf8(clientDataJSON)))
    expect(
      p256.verify(Uint8Array.of(...r, ...s), signed, Uint8Array.of(4, ...passkey.publicKey), { lowS: false }),
    ).toBe(true)
    expect(clientDataJSON.slice(parts.typeIndex).startsWith('"type":"webauthn.get"')).toBe(true)
    const said = `"challenge":"${toBase64url(challenge)}"`
    expect(clientDataJSON.slice(parts.challengeIndex).startsWith(said)).toBe(true)
  })

  it('is not taken apart where a field is malformed, or another type or order is written', () => {
    const assertion = assert(challenge)
    expect(splitAssertion({ ...assertion, signature: 'AAAA' })).toBeUndefined()
    expect(splitAssertion(assert(challenge, { type: 'webauthn.create' }))).toBeUndefined()
    const turned = toBase64url(toUtf8(`{"ü":1,"type":"webauthn.get","challenge":"${toBase64url(challenge)}"}`))
    expect(splitAssertion({ ...assertion, clientDataJSON: turned })).toBeUndefined()
  })
})
