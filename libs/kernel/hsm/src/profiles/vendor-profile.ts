import type { AttributeName } from '../pkcs11/template.ts'
import type { GcmHabit } from '../strategies/gcm-habits.ts'

/** Vendors whose documents were read. `none` turns off the matching by manufacturer and model. */
export const profileNames = [
  'none',
  'cloudhsm',
  'luna',
  'nshield',
  'yubihsm',
  'cloud-kms',
  'utimaco',
  'protectserver',
] as const

export type ProfileName = (typeof profileNames)[number]

/**
 * What is said of a vendor's module, as data. It adds candidates to be tried and tells what codes and attributes mean
 * there; what a token can do is proved all the same.
 */
export interface VendorProfile {
  readonly name: ProfileName
  /** Of "manufacturer model", as the token reports them. Without one the profile is chosen by name alone. */
  readonly matches?: RegExp
  /** Habits to be tried before the usual ones, and how long the IV is. */
  readonly gcm?: readonly (GcmHabit & { readonly ivBytes: 12 | 16 })[]
  /** Numbers that may mean these formats, beside those of the standard. */
  readonly keyWrap?: readonly number[]
  readonly keyWrapPad?: readonly number[]
  readonly sessions?: {
    /** Of the sessions that work; read-only ones by default. */
    readonly kind?: 'read-only' | 'read-write'
    /** How many the token gives to one login, the one that holds the login included. */
    readonly most?: number
  }
  readonly busy?: {
    /** Codes that say that the device is busy, and nothing else. */
    readonly codes?: readonly number[]
    /** Codes that may say so: busy where the canary meets them too. */
    readonly perhaps?: readonly number[]
    /** For `Retry-After`: 1 by default. */
    readonly retryAfterSeconds?: number
  }
  /** Attributes that the vendor's templates do not take: left out, and not missed where the token does not know them. */
  readonly inexpressible?: readonly AttributeName[]
}
