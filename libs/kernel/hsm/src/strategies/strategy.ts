import type { Attributes } from '../pkcs11/template.ts'
import type { Handle, Session } from '../pkcs11/session.ts'

/** How a small plaintext is sealed by a token key. Known by name: the numbers of PKCS#11 mean different things on different modules. */
export interface SealStrategy {
  readonly name: string
  /** The only mechanisms that the seal key may be used with, where the token enforces such a list. */
  readonly mechanisms: readonly number[]
  seal(session: Session, key: Handle, message: { plaintext: Uint8Array; associated: Uint8Array }): Uint8Array
  /** Throws `DeviceError` where the token refuses the value, whether for its tag or for a fault of its own. */
  open(session: Session, key: Handle, message: { sealed: Uint8Array; associated: Uint8Array }): Uint8Array
}

/** How a 256-bit key is wrapped inside the token. */
export interface WrapStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
  wrap(session: Session, wrapper: Handle, key: Handle): Uint8Array
  /** Makes a session object of the wrapped key, with exactly the `attributes`. */
  unwrap(session: Session, wrapper: Handle, unwrapping: { wrapped: Uint8Array; attributes: Attributes }): Handle
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
  readonly variants: readonly Strategy[]
  /** False where a real round trip shows that the token does not know it. May throw `DeviceError` instead. */
  proves(session: Session, variant: Strategy): boolean
}
