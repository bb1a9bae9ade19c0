/** What the server answers, in the superset of both spellings that it speaks; dates are ISO 8601. */

export type ProviderType = 'firebase' | 'supertokens' | 'keycloak' | 'oidc'
export type RecoveryType = 'passkey' | 'backup' | 'phrase' | 'email'
export type SecurityLevel = 'basic' | 'enhanced' | 'advanced'
export type KeyProvider = 'web3auth' | 'sss'

export interface AuthShare {
  /** 66 hex digits: the name is the API's, the share is not encrypted on the wire but by TLS. */
  readonly encryptedData: string
  readonly encryptedDek: string
  readonly iv: string
}

export interface RecoveryMethod {
  readonly type: RecoveryType
  readonly createdAt: string
  readonly credentialId?: string
  readonly shareVersion?: number
}

export interface KeyRecord {
  /** `null`: no such version any more. */
  readonly authShare: AuthShare | null
  readonly primaryDid: string | null
  readonly securityLevel: SecurityLevel
  readonly recoveryMethods: readonly RecoveryMethod[]
  readonly keyProvider: KeyProvider
  /** The current one, whichever was asked for. */
  readonly shareVersion: number
  readonly maskedRecoveryEmail: string | null
}

export interface RecoveryShare {
  readonly encryptedData: string
  readonly iv: string
  readonly salt?: string
}

export interface StoredRecovery {
  /** A text where a client of the documented form stored one; ours store objects. */
  readonly encryptedShare?: RecoveryShare | string
  readonly shareVersion?: number
}

export interface Done {
  readonly success: true
}

export interface SessionCreated {
  readonly sessionId: string
  /** Eight digits. */
  readonly shortCode: string
  /** 120 where a server does not say. */
  readonly expiresInSeconds?: number
}

export interface SessionSeen {
  readonly sessionId: string
  /** The new device's X25519 key as the server has it, base64. */
  readonly publicKey: string
  readonly status: 'pending' | 'approved'
  readonly encryptedPayload?: string
  readonly approverDid?: string
}

export interface Notified {
  readonly sent: boolean
  readonly deviceCount: number
}
