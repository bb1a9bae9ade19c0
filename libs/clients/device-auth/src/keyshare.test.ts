import { createCipheriv, createDecipheriv } from 'node:crypto'
import { fromUtf8, Secret, toHex } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { newBackupKey, openKeyshare, sealKeyshare } from './keyshare.ts'

const keyId = 'wallet_identifier_ecdsa'
const backupKey = new Secret(new Uint8Array(32).fill(7))
const keyshare = new Secret('what MPC nodes hold')
const sealed = await sealKeyshare(backupKey, { keyId, keyshare })
const open = (bytes: Uint8Array, id = keyId) => openKeyshare(backupKey, { keyId: id, sealed: bytes })

test('a share that is sealed opens again, an empty one and one of a MiB too', async () => {
  expect((await open(sealed))?.equals(keyshare)).toBe(true)
  for (const length of [0, 1, 1_048_547]) {
    const large = new Secret(new Uint8Array(length).fill(3))
    const bytes = await sealKeyshare(backupKey, { keyId, keyshare: large })
    expect(bytes).toHaveLength(length + 29)
    expect((await open(bytes))?.equals(large)).toBe(true)
  }
})

test('its form is 0x01, 12 bytes of nonce, AES-256-GCM with the key id, 16 bytes of tag: OpenSSL reads and writes it', async () => {
  const cipher = createDecipheriv('aes-256-gcm', backupKey.expose(), sealed.slice(1, 13))
  cipher.setAAD(Buffer.from(keyId)).setAuthTag(sealed.slice(-16))
  const plain = Buffer.concat([cipher.update(sealed.slice(13, -16)), cipher.final()])
  expect([sealed[0], plain.toString()]).toEqual([1, fromUtf8(keyshare.expose())])

  const nonce = new Uint8Array(12).fill(9)
  const written = createCipheriv('aes-256-gcm', backupKey.expose(), nonce).setAAD(Buffer.from(keyId))
  const text = Buffer.concat([written.update(keyshare.expose()), written.final()])
  const whole = Buffer.concat([Buffer.of(1), nonce, text, written.getAuthTag()])
  expect(toHex(await sealKeyshare(backupKey, { keyId, keyshare }, () => nonce))).toBe(whole.toString('hex'))
})

test('the server cannot give one wallet’s share out as another’s', async () => {
  expect(await open(sealed, 'wallet_identifier_eddsa')).toBeUndefined()
})

test('it opens under no other key', async () => {
  expect(await openKeyshare(newBackupKey(), { keyId, sealed })).toBeUndefined()
})

test('changed in any byte, or cut, it does not open', async () => {
  for (let at = 0; at < sealed.length; at++) {
    expect(await open(sealed.with(at, (sealed[at] as number) ^ 1))).toBeUndefined()
    expect(await open(sealed.slice(0, at))).toBeUndefined()
  }
  expect(await open(Uint8Array.of(...sealed, 0))).toBeUndefined()
})

test('the same share is never sealed to the same bytes', async () => {
  expect(await sealKeyshare(backupKey, { keyId, keyshare })).not.toEqual(sealed)
})

test('a backup key is 32 bytes, and no other length is taken', async () => {
  expect(newBackupKey()).toHaveLength(32)
  expect(newBackupKey().equals(newBackupKey())).toBe(false)
  const short = new Secret(new Uint8Array(16))
  await expect(sealKeyshare(short, { keyId, keyshare })).rejects.toThrow('backupKey is not 32 bytes')
  await expect(openKeyshare(short, { keyId, sealed })).rejects.toThrow('backupKey is not 32 bytes')
})
