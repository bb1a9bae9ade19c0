import type { Secret } from '@strongroom/crypto'
import type {
  Done,
  KeyProvider,
  KeyRecord,
  ProviderType,
  RecoveryShare,
  RecoveryType,
  SecurityLevel,
  StoredRecovery,
} from './answers.ts'
import type { Transport } from './transport.ts'

/** What the user's login provider gave. */
export interface Login {
  readonly authToken: Secret
  readonly providerType: ProviderType
  /** The wallet's own word, `makePresentation`; with a challenge, it binds another provider to the account. */
  readonly presentation?: Secret
}

export interface WalletLogin extends Login {
  readonly presentation: Secret
}

export interface NewAuthShare {
  /** 33 bytes as 66 hex digits. */
  readonly authShare: Secret
  readonly primaryDid: string
  readonly securityLevel?: SecurityLevel
  readonly keyProvider?: KeyProvider
  /** 409 when the record is at another version: two devices that rotate at once. */
  readonly expectedShareVersion?: number
}

export interface NewRecovery {
  readonly type: RecoveryType
  readonly encryptedShare?: RecoveryShare
  readonly credentialId?: string
  readonly shareVersion?: number
}

/** To one address, or to the recovery e-mail on file. */
export type BackupRecipient = { readonly email: string } | { readonly useRecoveryEmail: true }

export type KeysApi = ReturnType<typeof keysApi>

/** `/keys`, one method for each route. Each throws `SssError`. */
export const keysApi = ({ send }: Transport) => ({
  /** `null`: this account has no record. */
  readAuthShare: (login: Login, { shareVersion }: { readonly shareVersion?: number | undefined } = {}) =>
    send<KeyRecord | null>({
      method: 'POST',
      path: '/keys/auth-share',
      body: { ...loginOf(login), shareVersion },
      presentation: login.presentation,
    }),

  storeAuthShare: (login: WalletLogin, { authShare, ...rest }: NewAuthShare) =>
    send<Done & { readonly shareVersion?: number }>({
      method: 'PUT',
      path: '/keys/auth-share',
      body: { ...loginOf(login), authShare: { encryptedData: authShare, encryptedDek: '', iv: '' }, ...rest },
      presentation: login.presentation,
    }),

  addRecovery: (login: WalletLogin, { encryptedShare, ...recovery }: NewRecovery) =>
    send<Done>({
      method: 'POST',
      path: '/keys/recovery',
      body: { ...loginOf(login), ...recovery, ...(encryptedShare && { encryptedShare: { ...encryptedShare } }) },
      presentation: login.presentation,
    }),

  /** The published contract wants the token in the query: use tokens that live for minutes. */
  readRecovery: (
    login: Login,
    { type, credentialId }: { readonly type: RecoveryType; readonly credentialId?: string },
  ) =>
    send<StoredRecovery | null>({
      method: 'GET',
      path: '/keys/recovery',
      query: { ...loginOf(login), type, credentialId },
      presentation: login.presentation,
    }),

  /** Has six digits sent to the address. */
  addRecoveryEmail: (login: WalletLogin, email: string) =>
    send<Done>({
      method: 'POST',
      path: '/keys/recovery-email/add',
      body: { ...loginOf(login), email },
      presentation: login.presentation,
    }),

  verifyRecoveryEmail: (login: WalletLogin, code: Secret) =>
    send<Done & { readonly maskedEmail: string; readonly maskedRecoveryEmail?: string }>({
      method: 'POST',
      path: '/keys/recovery-email/verify',
      body: { ...loginOf(login), code },
      presentation: login.presentation,
    }),

  /** Masked. The published contract wants the token in the query here too. */
  readRecoveryEmail: (login: Login) =>
    send<{ readonly recoveryEmail: string | null }>({
      method: 'GET',
      path: '/keys/recovery-email',
      query: loginOf(login),
      presentation: login.presentation,
    }),

  /** Mails a share, which the server sees in passing and does not keep. */
  sendEmailBackup: (login: Login, emailShare: Secret, to: BackupRecipient) =>
    send<Done>({
      method: 'POST',
      path: '/keys/email-backup',
      body: { ...loginOf(login), emailShare, ...to },
      presentation: login.presentation,
    }),

  /** From a telephone number to an e-mail address; the provider wants a new login with `customToken` afterwards. */
  upgradeContact: (
    login: Login,
    { previousPhone, email, code }: { readonly previousPhone: string; readonly email: string; readonly code: Secret },
  ) =>
    send<Done & { readonly customToken?: string }>({
      method: 'POST',
      path: '/keys/upgrade-contact-method',
      body: { ...loginOf(login), previousPhone, email, code },
      presentation: login.presentation,
    }),

  markMigrated: (login: Login) =>
    send<Done>({ method: 'POST', path: '/keys/migrate', body: loginOf(login), presentation: login.presentation }),

  deleteKeys: (login: WalletLogin) =>
    send<Done>({ method: 'POST', path: '/keys/delete', body: loginOf(login), presentation: login.presentation }),

  /** Undoes what was replaced or deleted within the hold. The presentation carries a challenge, of the old DID. */
  restore: (presentation: Secret, { shareVersion }: { readonly shareVersion?: number | undefined } = {}) =>
    send<Done & { readonly shareVersion: number }>({
      method: 'POST',
      path: '/keys/restore',
      body: { shareVersion },
      presentation,
    }),

  /** Opens the hold after which the presentation's DID, which carries a challenge, may begin a new record. */
  startOver: (login: WalletLogin) =>
    send<Done & { readonly opensAt: string }>({
      method: 'POST',
      path: '/keys/start-over',
      body: loginOf(login),
      presentation: login.presentation,
    }),

  /** The presentation carries a challenge, of the old DID. */
  cancelStartOver: (presentation: Secret) => send<Done>({ method: 'DELETE', path: '/keys/start-over', presentation }),
})

export const loginOf = ({ authToken, providerType }: Login) => ({ authToken, providerType })
