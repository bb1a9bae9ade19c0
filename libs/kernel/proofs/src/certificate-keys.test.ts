import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { json, startKeyServer } from '../test/key-server.ts'
import { keySetOf } from './certificate-keys.ts'
import { firebaseVerifier } from './firebase-verifier.ts'

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

/** RFC 5280, as little as a parser takes; nobody looks at its dates, names or signature. */
function certificateOf(publicKey: Buffer): string {
  const algorithm = der(0x30, der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05))
  const time = der(0x17, Buffer.from('200101000000Z'))
  const fields = [der(0x02, Buffer.from([1])), algorithm, der(0x30), der(0x30, time, time), der(0x30), publicKey]
  const bytes = der(0x30, der(0x30, ...fields), algorithm, der(0x03, Buffer.from([0, 1])))
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
}

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = certificateOf(pair.publicKey.export({ type: 'spki', format: 'der' }))

test('certificates by their key ids are a key set; a key set is one already', () => {
  const jwk = new X509Certificate(pem).publicKey.export({ format: 'jwk' })
  expect(keySetOf({ k1: pem })).toEqual({ keys: [{ ...jwk, kid: 'k1', use: 'sig' }] })
  for (const other of [{ keys: [] }, { k1: pem, k2: 'no certificate' }, [pem], undefined])
    expect(keySetOf(other)).toBe(other)
})

test('Firebase’s tokens are verified by the certificates that Google publishes', async () => {
  const server = await startKeyServer(json({ k1: pem }))
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://securetoken.google.com/demo',
    aud: 'demo',
    sub: 'ann',
    auth_time: now,
    iat: now,
    exp: now + 60,
  }
  const sign = async (said: JWTPayload, kid: string) =>
    new Secret(await new SignJWT(said).setProtectedHeader({ alg: 'RS256', kid }).sign(pair.privateKey))
  const verifier = firebaseVerifier({ projectId: 'demo', keysUrl: server.url })
  expect(await verifier.verify(await sign(claims, 'k1'))).toMatchObject({ subject: 'ann' })
  expect(await verifier.verify(await sign(claims, 'k2'))).toBeUndefined()
  await server.stop()
})
