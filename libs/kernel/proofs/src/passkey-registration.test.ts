import { systemRandom, toBase64url } from '@strongroom/crypto'
import { describe, expect, it } from 'vitest'
import { AT, authenticator, BE, BS, type MakingSaying, rules, UP, UV } from '../test/authenticator.ts'
import { startKeyServer, status } from '../test/key-server.ts'
import { passkeyOptions } from './passkey-options.ts'
import { challengeIn, readRegistration, verifyPasskeyRegistration } from './passkey-registration.ts'
import { PasskeyRegistration, PasskeyRegistrationJson } from './passkey-shapes.ts'

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
    const made = { ...passkey, backupEligible: false, backedUp: false }
    expect(await judge()).toEqual(made)
    expect(await judge({ signCount: 5 })).toEqual({ ...made, signCount: 5 })
    const synced = { backupEligible: true, backedUp: true }
    expect(await judge({ flags: UP | UV | AT | BE | BS })).toEqual({ ...passkey, ...synced })
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
    ['a copy that may not be', { flags: UP | UV | AT | BS }],
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

describe('what a passkey is made by', () => {
  const wish = { challenge, userId: systemRandom(32), exclude: ['AQI'], lifetime: 300 }

  it('asks for ES256 alone, of a person who is verified, without an attestation', async () => {
    expect(await passkeyOptions(rules, wish)).toEqual({
      rp: { id: rules.rpId, name: rules.rpId },
      user: { id: toBase64url(wish.userId), name: rules.rpId, displayName: rules.rpId },
      challenge: toBase64url(challenge),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      timeout: 300_000,
      excludeCredentials: [{ type: 'public-key', id: 'AQI' }],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    })
  })

  it('wants 32 bytes, and pages that are named', async () => {
    await expect(passkeyOptions(rules, { ...wish, challenge: challenge.subarray(1) })).rejects.toThrow(TypeError)
    await expect(passkeyOptions({ ...rules, origins: ['*'] }, wish)).rejects.toThrow(TypeError)
  })
})

describe('a registration as browsers tell it', () => {
  const { credentialId: id, ...response } = register(challenge)
  const told = { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} }

  it('is read, with the challenge that it says it answers', () => {
    const more = { response: { ...response, transports: ['usb'] }, authenticatorAttachment: 'platform' }
    const read = PasskeyRegistrationJson.parse({ ...told, ...more })
    expect(read).toEqual(told)
    expect(readRegistration(read)).toEqual(register(challenge))
    expect(challengeIn(register(challenge))).toEqual(challenge)
  })

  it('is none with two ids or of another type, and says no challenge where it has none of 32 bytes', () => {
    expect(PasskeyRegistrationJson.safeParse({ ...told, rawId: 'AQI' }).success).toBe(false)
    expect(PasskeyRegistrationJson.safeParse({ ...told, type: 'password' }).success).toBe(false)
    for (const said of [toBase64url(systemRandom(31)), '_'.repeat(43), '', 'x y'])
      expect(challengeIn(register(challenge, { challenge: said }))).toBeUndefined()
    expect(challengeIn({ ...register(challenge), clientDataJSON: '____' })).toBeUndefined()
  })
})
