import type { KeyRecord } from '../keystore.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { VendorProfile } from '../profiles/vendor-profile.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import type { KeyHandles } from '../strategies/strategy.ts'

/** A key of this login: the handles die with it. */
export interface TokenKey {
  readonly record: KeyRecord
  /** `CKA_ID`: by which an envelope names the key. */
  readonly id: Uint8Array
  /** The token's own object: the probe uses this one, since a copy outlives a token that was taken away. */
  readonly own: Handle
  /** A session copy where the token makes one, else the same as `own`: SoftHSM is twice as fast on it, NSS a thousand times. */
  readonly working: Handle
  /** Where the strategy has one: the MAC key beside it, in the same two places. */
  readonly companion?: Companion
  /** RSA keys that seal or wrap: the public half as the token's object. */
  readonly publicKey?: Handle
  /** Signing keys: the uncompressed point, 65 bytes, or the 32 bytes of an Ed25519 key. RSA keys: SPKI, DER. */
  readonly publicHalf?: Uint8Array
}

export interface Companion {
  readonly own: Handle
  readonly working: Handle
}

/** The objects of a key, in one of their two places. */
export const handlesIn = (
  place: 'own' | 'working',
  { companion, publicKey, publicHalf, ...key }: Omit<TokenKey, 'working'> & { readonly working?: Handle },
): KeyHandles => ({
  key: key[place] ?? key.own,
  ...(companion && { mac: companion[place] }),
  ...(publicKey && { publicKey }),
  ...(publicHalf && { publicHalf }),
})

/** What the functions that work on keys need of the token. */
export interface TokenAccess {
  readonly session: Session
  readonly capabilities: Capabilities
  /** Whether keys carry, and the token enforces, a list of allowed mechanisms. */
  readonly mechanismLists: 'honoured' | 'ignored'
  readonly software: boolean
  /** That of a module which does as the standard says, without one. */
  readonly profile?: VendorProfile
}
