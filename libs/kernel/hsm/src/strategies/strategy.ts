import type { VendorProfile } from '../profiles/vendor-profile.ts'
import type { Attributes } from '../pkcs11/template.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Bench } from './bench.ts'

/** The objects that one recorded key is made of; a strategy takes those that it needs. */
export interface KeyHandles {
  /** The secret key, or the private half of a pair. */
  readonly key: Handle
  /** The companion: the MAC key beside a key that does not authenticate what it closes. */
  readonly mac?: Handle
  /** The public half of a pair, as the token's object. */
  readonly publicKey?: Handle
  /** The same as `SubjectPublicKeyInfo`, DER. */
  readonly publicHalf?: Uint8Array
}

/** How a small plaintext is sealed by a token key. Known by name: the numbers of PKCS#11 mean different things on different modules. */
export interface SealStrategy {
  readonly name: string
  /** The only mechanisms that the seal key may be used with, where the token enforces such a list. */
  readonly mechanisms: readonly number[]
  seal(session: Session, keys: KeyHandles, message: { plaintext: Uint8Array; associated: Uint8Array }): Uint8Array
  /**
   * Throws `Unopenable` where we find the value altered, `DeviceError` where the token refuses it, whether for its tag or for
   * a fault of its own.
   */
  open(session: Session, keys: KeyHandles, message: { sealed: Uint8Array; associated: Uint8Array }): Uint8Array
}

/** How a 256-bit key is wrapped inside the token. `context` is bound where the strategy has a companion. */
export interface WrapStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
  wrap(session: Session, wrapper: KeyHandles, subject: { key: Handle; context: Uint8Array }): Uint8Array
  /** Makes a session object of the wrapped key, with the `attributes` as far as the token takes them. Throws as `open` does. */
  unwrap(session: Session, wrapper: KeyHandles, unwrapping: Unwrapping): Handle
}

export interface Unwrapping {
  readonly wrapped: Uint8Array
  readonly context: Uint8Array
  readonly attributes: Attributes
}

/** How a data key is encrypted to a public key without any token, and opened inside the one that has the private half. */
export interface RecoverStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
  /** In this process. `spki`: DER. */
  seal(spki: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** Throws `DeviceError` where the token refuses the value, whether for its padding or for a fault of its own. */
  open(session: Session, key: Handle, sealed: Uint8Array): Uint8Array
}

/** How a message is signed by a token key. */
export interface SignStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
  sign(session: Session, key: Handle, message: Uint8Array): Uint8Array
}

/** A way of keeping that a token may know, in as many variants as tokens differ in; the first that is proved serves. */
export interface Candidate<Strategy> {
  readonly name: string
  /** What a profile adds comes first. */
  variants(profile: VendorProfile): readonly Strategy[]
  /** False where a real round trip shows that the token does not know it. May throw `DeviceError` or `Unopenable` instead. */
  proves(bench: Bench, variant: Strategy): boolean
}
