import type { KeyRecord } from '../keystore.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'

/** A key of this login: the handles die with it. */
export interface TokenKey {
  readonly record: KeyRecord
  /** `CKA_ID`: by which an envelope names the key. */
  readonly id: Uint8Array
  /** The token's own object: the probe uses this one, since a copy outlives a token that was taken away. */
  readonly own: Handle
  /** A session copy where the token makes one, else the same as `own`: SoftHSM is twice as fast on it, NSS a thousand times. */
  readonly working: Handle
  /** Signing keys: the uncompressed point, 65 bytes, or the 32 bytes of an Ed25519 key. Recovery keys: SPKI, DER. */
  readonly publicHalf?: Uint8Array
}

/** What the functions that work on keys need of the token. */
export interface TokenAccess {
  readonly session: Session
  readonly capabilities: Capabilities
  /** Whether keys carry, and the token enforces, a list of allowed mechanisms. */
  readonly mechanismLists: 'honoured' | 'ignored'
  readonly software: boolean
}
