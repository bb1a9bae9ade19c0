/** What the API answers. Times are RFC 3339 in UTC, to the second. */

export interface Registered {
  /** Whether it was so before: the call bears repeating. */
  readonly outcome: 'registered' | 'already-registered'
}

export interface RegisteredUser extends Registered {
  readonly userId: string
}

export interface Challenge {
  /** 32 random bytes in hex. Good once, for the device key that asked. */
  readonly challenge: string
  readonly ttlSeconds: number
}

export interface FaceStatus {
  readonly registered: boolean
  readonly registeredAt: string | null
}

export interface RegisteredFace {
  readonly registeredAt: string
  /** For the FaceTec SDK, which shows the outcome. */
  readonly scanResultBlob?: string
}

export interface Device {
  readonly deviceVerifyingKey: string
  readonly deviceName: string | null
  readonly isActive: boolean
  readonly createdAt: string
}

export interface MpcKey {
  readonly keyId: string
  readonly createdAt: string
  /** None where nothing is backed up. */
  readonly backup?: { readonly createdAt: string }
}

export interface SavedKeyshare {
  readonly keyId: string
  readonly createdAt: string
}

export interface RecoveredKeyshare {
  readonly keyId: string
  /** As it was backed up: `openKeyshare` opens it. */
  readonly sealed: Uint8Array
}

export interface RefusedKeyshare {
  readonly keyId: string
  /** `code` as in `DuoError`. */
  readonly error: { readonly code: number; readonly message: string }
}

/** Of several key shares some can fail alone. */
export type Keyshares<Item> =
  | { readonly success: true; readonly keyshares: readonly Item[] }
  | { readonly success: false; readonly keyshares: readonly (Item | RefusedKeyshare)[] }

export interface Transaction {
  readonly transactionId: string
  readonly type: 'keygen' | 'sign'
  readonly status: 'approved' | 'rejected' | 'completed'
  readonly keyId: string | null
  readonly deviceVerifyingKey: string
  /** 32 bytes in hex. */
  readonly instance: string
  /** `ecdsa` or `eddsa`. */
  readonly signAlg: string | null
  readonly chainPath: string | null
  /** Hex. */
  readonly message: string | null
  readonly rejectReason: string | null
  readonly createdAt: string
  readonly completedAt: string | null
}
