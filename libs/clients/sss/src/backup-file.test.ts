import { argon2Sync, createCipheriv, createDecipheriv } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { type BackupFile, BackupFileError, backupKdf, backupText, openBackup, sealBackup } from './backup-file.ts'
import { shareFromHex, shareToHex } from './shares.ts'

const hex = '5c'.repeat(33)
const content = { share: shareFromHex(hex), did: 'did:key:z6Mk', shareVersion: 3 }
const password = new Secret('correct horse battery staple, ä')

// OpenSSL's argon2, no library of ours.
const keyBy = (salt: Uint8Array, { timeCost, memoryCost, parallelism } = backupKdf) =>
  argon2Sync('argon2id', {
    message: password.expose(),
    nonce: salt,
    passes: timeCost,
    memory: memoryCost,
    parallelism,
    tagLength: 32,
  })

test('what is sealed is the published format: argon2id 3, 65536, 4 and AES-256-GCM, as OpenSSL opens it', async () => {
  const file = JSON.parse(new TextDecoder().decode(backupText(await sealBackup(content, password)))) as BackupFile
  expect(file).toEqual({
    version: 1,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    primaryDid: content.did,
    shareVersion: 3,
    encryptedShare: {
      ciphertext: expect.any(String),
      iv: expect.any(String),
      salt: expect.any(String),
      kdfParams: { algorithm: 'argon2id', timeCost: 3, memoryCost: 65_536, parallelism: 4 },
    },
  })
  const { ciphertext, iv, salt } = file.encryptedShare
  const [sealed, nonce, grain] = [ciphertext, iv, salt].map((part) => Buffer.from(part, 'base64')) as Buffer[]
  expect([nonce?.length, grain?.length]).toEqual([12, 16])
  const cipher = createDecipheriv('aes-256-gcm', keyBy(grain as Buffer), nonce as Buffer)
  cipher.setAuthTag((sealed as Buffer).subarray(-16))
  expect(Buffer.concat([cipher.update((sealed as Buffer).subarray(0, -16)), cipher.final()]).toString()).toBe(hex)
})

/** A file of small cost, made by OpenSSL. */
function madeElsewhere(text = hex): BackupFile {
  const kdfParams = { algorithm: 'argon2id', timeCost: 1, memoryCost: 64, parallelism: 1 } as const
  const [salt, iv] = [Buffer.alloc(16, 1), Buffer.alloc(12, 2)]
  const cipher = createCipheriv('aes-256-gcm', keyBy(salt, kdfParams), iv)
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64')
  const encryptedShare = { ciphertext, iv: iv.toString('base64'), salt: salt.toString('base64'), kdfParams }
  return { version: 1, createdAt: '2026-01-01T00:00:00.000Z', primaryDid: 'did:key:z6Mk', encryptedShare }
}

test('a file that others made opens, with its own costs, and without a version if it is that old', async () => {
  const { share, did, shareVersion } = await openBackup(madeElsewhere(), password)
  expect([shareToHex(share), did, shareVersion]).toEqual([hex, 'did:key:z6Mk', undefined])
})

const openWith = (change: Partial<BackupFile['encryptedShare']>) => {
  const file = madeElsewhere()
  return openBackup({ ...file, encryptedShare: { ...file.encryptedShare, ...change } }, password)
}
const cost = (change: object) => openWith({ kdfParams: { ...madeElsewhere().encryptedShare.kdfParams, ...change } })

test('another password, an empty one, and a changed file are told alike', async () => {
  for (const wrong of ['', 'Correct horse battery staple, ä']) {
    await expect(openBackup(madeElsewhere(), new Secret(wrong))).rejects.toMatchObject({ fault: 'wrong-password' })
  }
  await expect(openWith({ iv: Buffer.alloc(12, 9).toString('base64') })).rejects.toMatchObject({
    fault: 'wrong-password',
  })
})

test('a file cannot make the device work until it falls over', async () => {
  for (const change of [{ memoryCost: 4_194_304 }, { timeCost: 1_000_000 }, { parallelism: 255, memoryCost: 65_536 }]) {
    await expect(cost(change)).rejects.toMatchObject({ fault: 'too-costly' })
  }
})

test.each([
  ['no object', () => openBackup('{}', password)],
  ['nothing', () => openBackup(null, password)],
  ['of another version', () => openBackup({ ...madeElsewhere(), version: 2 }, password)],
  ['without a DID', () => openBackup({ ...madeElsewhere(), primaryDid: undefined }, password)],
  ['of version 0 of the shares', () => openBackup({ ...madeElsewhere(), shareVersion: 0 }, password)],
  ['with a salt of 4 bytes', () => openWith({ salt: 'AAAAAA==' })],
  ['with broken base64', () => openWith({ ciphertext: '!' })],
  ['with another KDF', () => cost({ algorithm: 'argon2i' })],
  ['with no passes', () => cost({ timeCost: 0 })],
  ['with costs that are no numbers', () => cost({ memoryCost: '64' })],
  ['with less memory than lanes need', () => cost({ memoryCost: 7 })],
])('a file that is %s is refused', async (_, attempt) => {
  const refused = await attempt().catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(BackupFileError)
  expect(refused).toMatchObject({ fault: 'malformed' })
})

test('a file that opens and holds no share is refused', async () => {
  await expect(openBackup(madeElsewhere('no share'), password)).rejects.toThrow('a share is not 33 bytes')
})
