import { fromBase64, type RandomSource, Secret, systemRandom, toBase64, toUtf8 } from '@strongroom/crypto'
import { argon2id } from 'hash-wasm'
import { importAesKey, open, seal } from './aes-gcm.ts'
import { shareFromSealedText, shareToHex } from './shares.ts'

/** RFC 9106. `memoryCost` is KiB. */
export interface KdfParameters {
  readonly algorithm: 'argon2id'
  readonly timeCost: number
  readonly memoryCost: number
  readonly parallelism: number
}

/** LearnCard's backup file, version 1, as JSON; binary parts are base64. */
export interface BackupFile {
  readonly version: 1
  /** ISO 8601. */
  readonly createdAt: string
  readonly primaryDid: string
  readonly shareVersion?: number
  readonly encryptedShare: {
    readonly ciphertext: string
    readonly iv: string
    readonly salt: string
    readonly kdfParams: KdfParameters
  }
}

export type BackupFault = 'malformed' | 'too-costly' | 'wrong-password'

const sentences: Readonly<Record<BackupFault, string>> = {
  malformed: 'not a backup file of version 1',
  'too-costly': 'the backup file asks for more work than a backup file needs',
  'wrong-password': 'the password does not open the backup file',
}

/** `wrong-password` may as well be a file that somebody changed. */
export class BackupFileError extends Error {
  readonly fault: BackupFault

  constructor(fault: BackupFault) {
    super(sentences[fault])
    this.name = 'BackupFileError'
    this.fault = fault
  }
}

const SALT_LENGTH = 16

export const backupKdf: KdfParameters = { algorithm: 'argon2id', timeCost: 3, memoryCost: 65_536, parallelism: 4 }

// A file comes from anywhere: one that asks for 4 GiB would take the device down before the password is looked at.
const most: Omit<KdfParameters, 'algorithm'> = { timeCost: 10, memoryCost: 262_144, parallelism: 16 }

export interface BackupContent {
  readonly share: Secret
  readonly did: string
  readonly shareVersion: number
}

/** The password is taken as it is typed: no normalisation, as LearnCard. */
export async function sealBackup(
  { share, did, shareVersion }: BackupContent,
  password: Secret,
  { random = systemRandom, now = new Date() }: { random?: RandomSource; now?: Date } = {},
): Promise<BackupFile> {
  const salt = random(SALT_LENGTH)
  const key = await deriveKey(password, salt, backupKdf)
  const { ciphertext, iv } = await seal(key, new Secret(shareToHex(share)), { random })
  const parts = { ciphertext: toBase64(ciphertext), iv: toBase64(iv), salt: toBase64(salt) }
  return {
    version: 1,
    createdAt: now.toISOString(),
    primaryDid: did,
    shareVersion,
    encryptedShare: { ...parts, kdfParams: backupKdf },
  }
}

/** @param file what `JSON.parse` gave. Files older than share versions have none. @throws BackupFileError */
export async function openBackup(
  file: unknown,
  password: Secret,
): Promise<Omit<BackupContent, 'shareVersion'> & { readonly shareVersion?: number }> {
  if (!isBackupFile(file)) throw new BackupFileError('malformed')
  const { encryptedShare, primaryDid: did, shareVersion } = file
  checkCost(encryptedShare.kdfParams)
  const salt = bytes(encryptedShare.salt)
  if (salt.length !== SALT_LENGTH) throw new BackupFileError('malformed')
  const key = await deriveKey(password, salt, encryptedShare.kdfParams)
  const sealed = { ciphertext: bytes(encryptedShare.ciphertext), iv: bytes(encryptedShare.iv) }
  const plain = await open(key, sealed)
  if (!plain) throw new BackupFileError('wrong-password')
  return { share: shareFromSealedText(plain), did, ...(shareVersion !== undefined && { shareVersion }) }
}

async function deriveKey(password: Secret, salt: Uint8Array, parameters: KdfParameters) {
  const { timeCost: iterations, memoryCost: memorySize, parallelism } = parameters
  const cost = { iterations, memorySize, parallelism, hashLength: 32, outputType: 'binary' } as const
  // The library refuses an empty password with words of its own; for us it is one that opens nothing.
  if (password.length === 0) throw new BackupFileError('wrong-password')
  return importAesKey(new Secret(await argon2id({ password: password.expose(), salt, ...cost })))
}

function checkCost({ timeCost, memoryCost, parallelism }: KdfParameters): void {
  const asked = { timeCost, memoryCost, parallelism }
  const names = Object.keys(most) as (keyof typeof most)[]
  if (names.some((name) => !Number.isSafeInteger(asked[name]) || asked[name] < 1))
    throw new BackupFileError('malformed')
  if (memoryCost < 8 * parallelism) throw new BackupFileError('malformed')
  if (names.some((name) => asked[name] > most[name])) throw new BackupFileError('too-costly')
}

function isBackupFile(value: unknown): value is BackupFile {
  const { version, primaryDid, shareVersion, encryptedShare } = recordOf(value)
  const { ciphertext, iv, salt, kdfParams } = recordOf(encryptedShare)
  return (
    version === 1 &&
    typeof primaryDid === 'string' &&
    (shareVersion === undefined || (Number.isSafeInteger(shareVersion) && (shareVersion as number) > 0)) &&
    [ciphertext, iv, salt].every((part) => typeof part === 'string') &&
    recordOf(kdfParams)['algorithm'] === 'argon2id'
  )
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function bytes(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw new BackupFileError('malformed')
  }
}

/** For whoever makes the download: two spaces, so that a person can see what it is. */
export const backupText = (file: BackupFile): Uint8Array => toUtf8(JSON.stringify(file, undefined, 2))
