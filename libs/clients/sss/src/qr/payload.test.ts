import { fromHex, hkdfSha256, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import { x25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import vectors from '../../test/vectors/learncard-formats.json' with { type: 'json' }
import { importAesKey, seal } from '../aes-gcm.ts'
import { shareFromHex, shareToHex } from '../shares.ts'
import { makeKeyPair, openTransfer, sealTransfer } from './payload.ts'

const { qr } = vectors
const fixed = (bytes: number) => (bytes === 12 ? fromHex(qr.iv) : fromHex(qr.senderPrivateKey))
const recipient = makeKeyPair(() => fromHex(qr.recipientPrivateKey))
const hex = '1f'.repeat(33)
const transfer = { share: shareFromHex(hex), shareVersion: 3, accountHint: 'u@example.com' }

test('the published vector: key agreement, derivation and cipher, to the byte', async () => {
  expect(recipient.publicKey).toBe(qr.recipientPublicKey)
  const shared = x25519.getSharedSecret(fromHex(qr.senderPrivateKey), Buffer.from(qr.recipientPublicKey, 'base64'))
  const key = hkdfSha256(shared, { salt: new Uint8Array(32), info: toUtf8('learncard-qr-login-v1'), length: 32 })
  expect(toHex(key.expose())).toBe(qr.key)
  const { ciphertext } = await seal(await importAesKey(key), new Secret(qr.plaintext), { random: fixed })
  expect(Buffer.from(ciphertext).toString('base64')).toBe(qr.ciphertext)
})

test('a share travels in that format, under that key', async () => {
  const payload = await sealTransfer(transfer, qr.recipientPublicKey, fixed)
  const { ciphertext, iv, senderPublicKey, ...rest } = JSON.parse(payload) as Record<string, string>
  expect(rest).toEqual({})
  expect(senderPublicKey).toBe(makeKeyPair(fixed).publicKey)
  const key = await crypto.subtle.importKey('raw', Buffer.from(qr.key, 'hex'), 'AES-GCM', false, ['decrypt'])
  const [sealed, nonce] = [Buffer.from(ciphertext ?? '', 'base64'), Buffer.from(iv ?? '', 'base64')]
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, sealed)
  expect(Buffer.from(plain).toString()).toBe(`{"d":"${hex}","h":"u@example.com","v":3}`)
})

test('it comes back whole; hint and version may be missing', async () => {
  const whole = await openTransfer(await sealTransfer(transfer, recipient.publicKey), recipient.privateKey)
  expect({ ...whole, share: shareToHex(whole.share) }).toEqual({ ...transfer, share: hex })
  const bare = await openTransfer(
    await sealTransfer({ share: transfer.share }, recipient.publicKey),
    recipient.privateKey,
  )
  expect(Object.keys(bare)).toEqual(['share'])
})

test('two transfers to one device share nothing', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => sealTransfer(transfer, recipient.publicKey)))
  const parts = [one, other].flatMap((payload) => Object.values(JSON.parse(payload ?? '') as object) as string[])
  expect(new Set(parts).size).toBe(6)
})

const payload = async (change: object) =>
  JSON.stringify({ ...(JSON.parse(await sealTransfer(transfer, recipient.publicKey)) as object), ...change })

test.each([
  ['no JSON', () => '{'],
  ['null', () => 'null'],
  ['without a key', () => payload({ senderPublicKey: undefined })],
  ['of another sender', () => payload({ senderPublicKey: makeKeyPair().publicKey })],
  ['changed', () => payload({ iv: 'AAAAAAAAAAAAAAAA' })],
  ['of broken base64', () => payload({ ciphertext: 5 })],
])('a payload that is %s is refused', async (_, made) => {
  await expect(openTransfer(await made(), recipient.privateKey)).rejects.toMatchObject({ fault: 'payload-malformed' })
})

test('a payload for another device is refused', async () => {
  const sealed = await sealTransfer(transfer, makeKeyPair().publicKey)
  await expect(openTransfer(sealed, recipient.privateKey)).rejects.toMatchObject({ fault: 'payload-malformed' })
})

test('the published vector itself holds no whole share, and is refused for that', async () => {
  const sent = { ciphertext: qr.ciphertext, iv: Buffer.from(qr.iv, 'hex').toString('base64') }
  const whole = JSON.stringify({ ...sent, senderPublicKey: makeKeyPair(fixed).publicKey })
  await expect(openTransfer(whole, recipient.privateKey)).rejects.toMatchObject({ fault: 'payload-malformed' })
})

const small = (point: string) => Buffer.from(point.padEnd(64, '0'), 'hex').toString('base64')

test.each([
  ['is zero', small('')],
  ['has order 1', small('01')],
  [
    'has order 8',
    Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex').toString('base64'),
  ],
  ['is short', 'AAAA'],
  ['is no base64', '!'],
])('a device whose key %s is sent nothing', async (_, publicKey) => {
  await expect(sealTransfer(transfer, publicKey)).rejects.toMatchObject({ fault: 'bad-key' })
})
