import { fromBase64, fromUtf8 } from '@strongroom/crypto'
import { z } from 'zod'

const LONGEST_ADDRESS = 254
const LONGEST_KEYCHAIN = 32_768

/** Who knows it opens the wallet: HMAC-SHA-256 of the key that the password gives. */
export const WalletId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is not 64 hex digits')
  .meta({ description: 'Derived from address and password by the client; opens the wallet.' })

export const Email = z
  .string()
  .max(LONGEST_ADDRESS)
  .regex(/^[^\s@<>",;:\\()[\]\p{C}]+@[^\s@<>",;:\\()[\]\p{C}]+\.[^\s@.<>",;:\\()[\]\p{C}]+$/u, 'is no e-mail address')

/** Clients that leave a `+` in a query as it is send a space. */
export const unspaced = (text: string): string => text.replaceAll(' ', '+')

/** TokenD's JavaScript client encodes the first `+` of an address and no other. */
export const EmailInQuery = z.string().transform(unspaced).pipe(Email)

export const Salt = z.string().refine((text) => sizeOf(text) === 16, 'is not 16 bytes in base64')

const members: ReadonlySet<string> = new Set(['IV', 'cipherText', 'cipherName', 'modeName'])

/**
 * What only the client can read: base64 of JSON with `IV`, `cipherText`, `cipherName`, `modeName` and nothing else. Their
 * lengths are not judged: TokenD's JavaScript client has vectors of 96 bytes.
 */
export const Keychain = z.string().max(LONGEST_KEYCHAIN).refine(isKeychain, 'is no keychain')

/**
 * A refusal that demands the password carries it, and Kotlin's client reads no more than 1000 bytes of a refusal: all of
 * the rest takes 342 with the largest factor id.
 */
export const LONGEST_FACTOR_KEYCHAIN = 640

export const FactorKeychain = Keychain.max(LONGEST_FACTOR_KEYCHAIN)

function isKeychain(text: string): boolean {
  const parsed = parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return false
  const entries = Object.entries(parsed)
  return entries.length > 0 && entries.every(([name, value]) => members.has(name) && typeof value === 'string')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64(text))) as unknown
  } catch {
    return undefined
  }
}

function sizeOf(text: string): number {
  try {
    return fromBase64(text).length
  } catch {
    return 0
  }
}
