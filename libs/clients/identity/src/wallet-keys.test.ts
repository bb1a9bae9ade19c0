import { createHmac, scryptSync } from 'node:crypto'
import { fromBase64, Secret, toHex } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-wallet.json' with { type: 'json' }
import { deriveWalletKeys, newSalt } from './wallet-keys.ts'

const { email, password: text, salt, kdf, walletId, walletKey, scryptSalt, masterKey } = vectors.keys
const password = new Secret(text)
const idOf = async (login: string, version = 2) => {
  const keys = await deriveWalletKeys({ email: login, password }, { ...kdf, version }, salt)
  return Buffer.from(keys.walletId.expose()).toString()
}

test('id and key of a wallet are the published ones', async () => {
  const keys = await deriveWalletKeys({ email, password }, kdf, salt)
  expect(await idOf(email)).toBe(walletId)
  expect(keys.walletKey.equals(fromBase64(walletKey))).toBe(true)
  expect(JSON.stringify(keys)).toBe('{"walletId":"[secret]","walletKey":"[secret]"}')
})

test('they are HMACs under scrypt of the password, as OpenSSL makes it', () => {
  const master = scryptSync(text, Buffer.from(scryptSalt, 'hex'), 32, { N: kdf.n, r: kdf.r, p: kdf.p })
  expect(master.toString('base64')).toBe(masterKey)
  expect(createHmac('sha256', master).update('WALLET_ID').digest('hex')).toBe(walletId)
})

test('version 2 takes an address in any case, version 1 as it is written', async () => {
  expect(await idOf('tEsT@distlab.com')).toBe(walletId)
  expect(await idOf(email, 1)).toBe(walletId)
  expect(await idOf('tEsT@distlab.com', 1)).not.toBe(walletId)
})

test.each([
  ['a cheaper n', { n: 2048 }],
  ['a cheaper r', { r: 4 }],
  ['no p', { p: 0 }],
  ['fewer bits', { bits: 128 }],
  ['an n that would take minutes', { n: 2 ** 20 }],
  ['an n that is no power of two', { n: 5000 }],
  ['a number that is none', { n: Number.NaN }],
  ['another algorithm', { algorithm: 'pbkdf2' }],
  ['another version', { version: 3 }],
])('a server that wants %s is refused', async (_, change) => {
  const derived = deriveWalletKeys({ email, password }, { ...kdf, ...change }, salt)
  await expect(derived).rejects.toMatchObject({ name: 'WalletError', fault: 'kdf-refused' })
})

test.each(['', 'pUQV', 'not base64'])('the salt %j is refused', async (bad) => {
  await expect(deriveWalletKeys({ email, password }, kdf, bad)).rejects.toMatchObject({ fault: 'kdf-refused' })
})

test('a salt is 16 bytes, and never the same', () => {
  expect(fromBase64(newSalt())).toHaveLength(16)
  expect(newSalt()).not.toBe(newSalt())
  expect(toHex(fromBase64(newSalt((bytes) => new Uint8Array(bytes).fill(7))))).toBe('07'.repeat(16))
})
