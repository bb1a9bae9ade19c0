import {
  EncodingError,
  fromBase64,
  hmacSha256,
  type RandomSource,
  scrypt,
  Secret,
  sha256,
  systemRandom,
  toBase64,
  toHex,
  toUtf8,
} from '@strongroom/crypto'
import { WalletError } from './error.ts'

/** As the server says it; names are TokenD's. */
export interface KdfParameters {
  /** 1: the e-mail address counts as written. 2: in lower case. */
  readonly version: number
  readonly algorithm: string
  /** Of the master key. */
  readonly bits: number
  readonly n: number
  readonly r: number
  readonly p: number
  /** Base64, of a wallet that is there; the default parameters have none. */
  readonly salt?: string | undefined
}

export interface WalletLogin {
  readonly email: string
  readonly password: Secret
}

export interface WalletKeys {
  /** 64 hex digits; who has them may read the wallet, and they stand in URLs. */
  readonly walletId: Secret
  /** 32 bytes: what the keychain is encrypted under. */
  readonly walletKey: Secret
}

const SALT = 16

/** 16 random bytes, base64. */
export const newSalt = (random: RandomSource = systemRandom): string => toBase64(random(SALT))

/**
 * TokenD: scrypt of the password, salted with SHA-256(0x01 || salt || e-mail); id and key are HMACs under what it gives.
 * @param salt Base64.
 * @throws WalletError `kdf-refused`: a server could else have the id, which it sees, made cheap to guess passwords by.
 */
export async function deriveWalletKeys(
  { email, password }: WalletLogin,
  kdf: KdfParameters,
  salt: string,
): Promise<WalletKeys> {
  checkKdf(kdf)
  const login = kdf.version === 1 ? email : email.toLowerCase()
  const salted = sha256(Uint8Array.of(1, ...saltBytes(salt), ...toUtf8(login)))
  const parameters = { cost: kdf.n, blockSize: kdf.r, parallelization: kdf.p, length: kdf.bits / 8 }
  const master = await scrypt(password, salted, parameters)
  return {
    walletId: new Secret(toHex(hmacSha256(master, toUtf8('WALLET_ID')))),
    walletKey: new Secret(hmacSha256(master, toUtf8('WALLET_KEY'))),
  }
}

// What TokenD began with in 2017, and the most that a telephone bears.
const least = { n: 4096, r: 8, p: 1, bits: 256 }
const most = { n: 2 ** 17, r: 16, p: 16, bits: 512 }

function checkKdf(kdf: KdfParameters): void {
  const names = ['n', 'r', 'p', 'bits'] as const
  const inRange = names.every((name) => kdf[name] >= least[name] && kdf[name] <= most[name])
  const isKnown = kdf.algorithm === 'scrypt' && (kdf.version === 1 || kdf.version === 2)
  if (!isKnown || !inRange || kdf.bits % 8 !== 0 || !Number.isInteger(Math.log2(kdf.n))) {
    throw new WalletError('kdf-refused')
  }
}

function saltBytes(salt: string): Uint8Array {
  try {
    const bytes = fromBase64(salt)
    if (bytes.length >= SALT) return bytes
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error
  }
  throw new WalletError('kdf-refused')
}
