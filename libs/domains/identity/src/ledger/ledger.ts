/** A key that signs for an account. */
export interface LedgerSigner {
  /** `G…` */
  readonly key: string
  /** 1 to 1000; transactions need 1000 together. Signers of weight 0 do not sign. */
  readonly weight: number
  readonly role: number
  /** Signers of one identity count once. */
  readonly identity: number
  /** JSON, as the client wrote it. */
  readonly details: string
}

/** A value of the ledger's settings, of one of these types. */
export type KeyValue =
  | { readonly type: 'u32'; readonly value: number }
  | { readonly type: 'u64'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }

export interface LedgerInfo {
  readonly networkPassphrase: string
  /** `G…`: whose signers are administrators. */
  readonly masterAccountId: string
}

export interface NewAccount {
  /** `G…` */
  readonly account: string
  /** None: the ledger's own key alone, until somebody is given the account. */
  readonly signers: readonly LedgerSigner[]
}

/** Signers for an account that is nobody's: one that the ledger's own key signs for. */
export interface Adoption {
  readonly account: string
  readonly signers: readonly LedgerSigner[]
  /** `go`: it is theirs alone from now on. `stay`: it is nobody's still, and they may act for it. */
  readonly others: 'go' | 'stay'
}

/** A transaction that the ledger applied. */
export interface Applied {
  readonly outcome: 'applied'
  readonly transaction: LedgerTransaction
}

/** A transaction that the ledger will not apply; nothing changed. */
export interface Rejected {
  readonly outcome: 'rejected'
  /** `tx_failed`, `tx_bad_auth`, `tx_too_late` and the like: names of the ledger's results. */
  readonly transactionCode: string
  /** One for each operation, where it came so far. */
  readonly operationCodes: readonly string[]
  /** A sentence for each operation, or one for the transaction: no value of the caller's. */
  readonly messages: readonly string[]
}

export interface LedgerTransaction {
  readonly id: string
  /** SHA-256 of the network's id and the transaction, hex. */
  readonly hash: string
  readonly sequence: number
  readonly createdAt: Date
  /** Base64, as submitted. */
  readonly envelope: string
  /** Base64 XDR of the result; empty where the adapter has none. */
  readonly result: string
}

/**
 * Where accounts and their signers are. Every call may throw `LedgerUnavailable`: then nobody knows whether it happened, and
 * it is made again. Each is idempotent: made twice, it has one effect and the same answer.
 */
export interface Ledger {
  info(): Promise<LedgerInfo>
  keyValue(name: string): Promise<KeyValue | undefined>
  /** `undefined`: there is no such account. */
  signersOf(account: string): Promise<readonly LedgerSigner[] | undefined>
  /** With the ledger's role for accounts that nobody verified. `taken`: it exists, with other signers, or was forgotten. */
  createAccount(account: NewAccount): Promise<'created' | 'taken'>
  /** `taken`: there is no such account, or it is somebody's, with other signers. `full`: with those that stay there are too many. */
  adoptAccount(adoption: Adoption): Promise<'adopted' | 'taken' | 'full'>
  /** @param envelope Base64 XDR of a TransactionEnvelope. By its hash a transaction has one outcome, however often it is submitted. */
  submit(envelope: string): Promise<Applied | Rejected>
  /** A transaction that was applied; `undefined` for one that was not, or not yet. @param hash Hex. */
  findApplied(hash: string): Promise<LedgerTransaction | undefined>
  /** Lets a key sign in the recovery role until an administrator has approved new signers. `refused`: recovery is switched off, or no account. */
  beginKycRecovery(wish: { readonly account: string; readonly signer: string }): Promise<'begun' | 'refused'>
  /** Takes it back: the key signs no more. `refused`: an administrator has approved it. */
  cancelKycRecovery(wish: { readonly account: string; readonly signer: string }): Promise<'cancelled' | 'refused'>
  /** Removes an account that nobody verified, where the ledger can, with all that is kept for it; its name is given to nobody again. */
  forgetAccount(account: string): Promise<void>
  /** The account whose signers manage a sale; `undefined`: no such sale. A ledger that has no sales lacks it. */
  saleOwner?(saleId: string): Promise<string | undefined>
}

/** The ledger did not answer, or not in time. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable'
  readonly retryAfterSeconds = 5

  constructor(options?: ErrorOptions) {
    super('the ledger did not answer', options)
  }
}

/** Names of key values that this service reads. */
export const keyValues = {
  defaultSignerRole: 'signer_role:default',
  recoverySignerRole: 'kyc_recovery_signer_role',
  recoveryEnabled: 'kyc_recovery_enabled',
  unverifiedRole: 'account_role:unverified',
} as const

/** Of a recovery signer as clients make one at sign-up: it never signs for the account here. */
export const RECOVERY_ROLE = 1
