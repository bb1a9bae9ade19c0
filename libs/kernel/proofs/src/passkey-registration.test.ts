import { systemRandom, toBase64url } from '@strongroom/crypto'
import { describe, expect, it } from 'vitest'
import { AT, authenticator, type MakingSaying, rules, UP, UV } from '../test/authenticator.ts'
import { startKeyServer, status } from '../test/key-server.ts'
import { verifyPasskeyRegistration } from './passkey-registration.ts'
import { PasskeyRegistration } from './passkey-shapes.ts'

const { passkey, register } = authenticator()
const challenge = systemRandom(32)
const point = passkey.publicKey
const judge = (saying: MakingSaying = {}) =>
  verifyPasskeyRegistration(rules, { registration: register(challenge, saying), challenge })

const ec2 = (alg: number, curve: number, [x, y] = [point.subarray(0, 32), point.subarray(32)]) =>
  Uint8Array.of(0xa5, 1, 2, 3, alg, 0x20, curve, 0x21, 0x58, x.length, ...x, 0x22, 0x58, y.length, ...y)
const ed25519 = Uint8Array.of(0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 0x20, ...point.subarray(0, 32))

describe('making a passkey', () => {
  it('tells its key, its id and its count', async () => {
    expect(await judge()).toEqual(passkey)
    expect(await judge({ signCount: 5 })).toEqual({ ...passkey, signCount: 5 })
    expect(PasskeyRegistration.safeParse(register(challenge)).success).toBe(true)
  })

  it.each<[string, MakingSaying]>([
    ['another type', { type: 'webauthn.get' }],
    ['another challenge', { challenge: toBase64url(systemRandom(32)) }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a frame of another site', { more: { crossOrigin: true, topOrigin: rules.origins[0] } }],
    ['another relying party', { rpId: 'evil.example' }],
    ['nobody present', { flags: UV | AT }],
    ['somebody, not verified', { flags: UP | AT }],
    ['no key', { flags: UP | UV }],
    ['another id in it', { id: toBase64url(systemRandom(16)) }],
    ['a key of Ed25519', { coseKey: ed25519 }],
    ['ES384', { coseKey: ec2(0x38, 1) }],
    ['another curve', { coseKey: ec2(0x26, 2) }],
    ['a point off the curve', { coseKey: ec2(0x26, 1, [point.subarray(32), point.subarray(0, 32)]) }],
    ['a statement without a format', { attStmt: Uint8Array.of(0xa1, 0x61, 0x61, 1) }],
    ['a format of nobody', { fmt: 'unknown' }],
  ])('is refused with %s', async (_, saying) => {
    expect(await judge(saying)).toBeUndefined()
  })

  it('is refused where bytes are missing', async () => {
    const whole = register(challenge)
    for (const length of [0, 1, 40, 200]) {
      const registration = { ...whole, attestationObject: whole.attestationObject.slice(0, length) }
      expect(await verifyPasskeyRegistration(rules, { registration, challenge })).toBeUndefined()
    }
  })

  it('asks nobody whether certificates were revoked: it takes none', async () => {
    const server = await startKeyServer(status(200))
    const url = Buffer.from(`${server.url}/list.crl`)
    // {"alg": -7, "sig": h'', "x5c": [an address in a certificate's place]}
    const head = [0xa3, 0x63, 0x61, 0x6c, 0x67, 0x26, 0x63, 0x73, 0x69, 0x67, 0x41, 0, 0x63, 0x78, 0x35, 0x63, 0x81]
    const attStmt = Uint8Array.of(...head, 0x58, url.length, ...url)
    expect(await judge({ fmt: 'packed', attStmt })).toBeUndefined()
    expect(server.asked).toEqual([])
    await server.stop()
  })
})
