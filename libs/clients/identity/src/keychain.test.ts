import { createCipheriv, createDecipheriv } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-wallet.json' with { type: 'json' }
import { type Keychain, openKeychain, sealKeychain } from './keychain.ts'
import { fromSeedText, toSeedText } from './strkey.ts'
import { deriveWalletKeys } from './wallet-keys.ts'

const { accountId, seeds } = vectors.keychain
const [first, second] = seeds.map((text) => fromSeedText(new Secret(text))) as [Secret, Secret]
const walletKey = new Secret(new Uint8Array(32).fill(7))
const json = (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()) as Record<string, string>
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
const textsOf = (keychain: Keychain | undefined) =>
  keychain && [keychain.accountId, ...keychain.seeds.map((one) => Buffer.from(toSeedText(one).expose()).toString())]

/** What another client would keep: sealed by OpenSSL. */
function sealedElsewhere(plain: string, iv = new Uint8Array(12).fill(9)): string {
  const cipher = createCipheriv('aes-256-gcm', walletKey.expose(), iv)
  const text = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64')
  return base64({ IV: Buffer.from(iv).toString('base64'), cipherText: text, cipherName: 'aes', modeName: 'gcm' })
}

test('what TokenD’s JavaScript client sealed opens, IV of 96 bytes and all', async () => {
  const { email, password, salt, walletId, keychainData } = vectors.keychain
  const keys = await deriveWalletKeys({ email, password: new Secret(password) }, vectors.keys.kdf, salt)
  expect(Buffer.from(keys.walletId.expose()).toString()).toBe(walletId)
  expect(Buffer.from(json(keychainData)['IV'] ?? '', 'base64')).toHaveLength(96)
  expect(textsOf(await openKeychain(keys.walletKey, keychainData))).toEqual([accountId, ...seeds])
})

test('what is sealed has the published form, and OpenSSL opens it', async () => {
  const sealed = json(await sealKeychain(walletKey, { accountId, seeds: [first, second] }))
  expect(Object.keys(sealed)).toEqual(['IV', 'cipherText', 'cipherName', 'modeName'])
  expect([sealed['cipherName'], sealed['modeName']]).toEqual(['aes', 'gcm'])
  const iv = Buffer.from(sealed['IV'] ?? '', 'base64')
  expect(iv).toHaveLength(12)
  const text = Buffer.from(sealed['cipherText'] ?? '', 'base64')
  const cipher = createDecipheriv('aes-256-gcm', walletKey.expose(), iv).setAuthTag(text.subarray(-16))
  const plain = Buffer.concat([cipher.update(text.subarray(0, -16)), cipher.final()]).toString()
  expect(plain).toBe(JSON.stringify({ accountId, seeds }))
})

test('what is sealed opens again, and is never the same bytes', async () => {
  const sealed = await sealKeychain(walletKey, { accountId, seeds: [first] })
  expect(textsOf(await openKeychain(walletKey, sealed))).toEqual([accountId, seeds[0]])
  expect(await sealKeychain(walletKey, { accountId, seeds: [first] })).not.toBe(sealed)
})

test.each([
  ['TokenD’s Kotlin client', { seed: seeds[1], seeds: [seeds[0], seeds[1]] }, [undefined, seeds[1], seeds[0]]],
  ['the oldest clients', { seed: seeds[0] }, [undefined, seeds[0]]],
  ['an account id that is none', { accountId: 'GABC', seeds: [seeds[0]] }, [undefined, seeds[0]]],
])('the plaintext of %s is read', async (_, plain, expected) => {
  expect(textsOf(await openKeychain(walletKey, sealedElsewhere(JSON.stringify(plain))))).toEqual(expected)
})

test('an IV of 12 bytes and more is read', async () => {
  for (const length of [12, 16, 96]) {
    const sealed = sealedElsewhere(JSON.stringify({ seeds }), new Uint8Array(length).fill(3))
    expect((await openKeychain(walletKey, sealed))?.seeds).toHaveLength(2)
  }
})

test.each([
  ['under another key', (good: string) => good, new Secret(new Uint8Array(32))],
  ['without a seed', () => sealedElsewhere('{"accountId":"G","seeds":[]}')],
  ['with a seed that is none', () => sealedElsewhere(JSON.stringify({ seeds: [accountId] }))],
  ['of no JSON', () => sealedElsewhere('seed')],
  ['of another cipher', (good: string) => base64({ ...json(good), modeName: 'ccm' })],
  ['without a ciphertext', (good: string) => base64({ ...json(good), cipherText: undefined })],
  ['that is no base64', () => '{}'],
  ['changed', (good: string) => base64({ ...json(good), cipherText: `A${json(good)['cipherText']?.slice(1) ?? ''}` })],
])('a keychain %s does not open', async (_, change, key = walletKey) => {
  const good = sealedElsewhere(JSON.stringify({ seeds }))
  expect(await openKeychain(key, change(good))).toBeUndefined()
})

test('a key is 32 bytes', async () => {
  const short = new Secret(new Uint8Array(16))
  await expect(sealKeychain(short, { seeds: [first] })).rejects.toThrow('walletKey is not 32 bytes')
  await expect(openKeychain(short, '')).rejects.toThrow('walletKey is not 32 bytes')
})
