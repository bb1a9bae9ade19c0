import type { Secret } from '@strongroom/crypto'

/**
 * The row that a value belongs to. Together with the deployment and the app it is the associated data of every
 * ciphertext: a value copied to another row, owner or purpose does not open.
 */
export interface Binding {
  readonly table: string
  readonly row: string
  readonly owner: string
  readonly purpose: string
  /** Raised when the value is replaced, so that an older value of the same row does not open in its place. */
  readonly version?: number
}

/** A key that opens only to whoever brings the factor (a PIN). Both parts are safe to store. */
export interface LockedKey {
  /** 32 bytes: one half of the HSM's MAC of binding and factor. Tells a right factor from a wrong one, and nothing without the HSM. */
  readonly verifier: Uint8Array
  /** The key, wrapped inside the token under the other half of that MAC, then sealed to the binding. */
  readonly envelope: Uint8Array
}

/** A lock made ready while the factor is known, for a key that is known only later. Both parts are safe to store. */
export interface PreparedLock {
  /** 32 bytes: what the locked key's verifier will be. */
  readonly verifier: Uint8Array
  /** Both halves of the MAC, sealed to the binding. Opens as nothing else. */
  readonly envelope: Uint8Array
}

/** Curves of pairs that are issued: FIPS 186-5 P-256, and that of SEC 2 which Ethereum signs on. */
export type PairCurve = 'p256' | 'secp256k1'

/** A key pair of a row, such as an account's. Both parts are safe to store. */
export interface KeyPair {
  /** Uncompressed SEC 1 point, 65 bytes. */
  readonly publicKey: Uint8Array
  /** The private key, wrapped inside the token, and the public key, sealed together to the binding. */
  readonly envelope: Uint8Array
}

/** What is stored of a pair. */
export interface IssuedPair {
  readonly curve: PairCurve
  readonly envelope: Uint8Array
}

export interface LockRequest {
  readonly binding: Binding
  readonly factor: Secret
}

/**
 * Everything secret goes through here. The interface speaks of purposes, never of PKCS#11; each method is one hop to the
 * executor that holds the token, or two where a factor is compared in between, whatever number of device calls it takes.
 *
 * Every method throws `HsmUnavailable` when nothing came of it because the token did not answer: no factor was compared
 * and nothing was kept (the caller may give a guess back). `Unopenable`: a value was altered or belongs elsewhere.
 */
export interface Keystore extends TokenHealth {
  /** Seals what a client brought, under the seal key. Above 4 KiB the envelope holds a data key of its own. */
  seal(plaintext: Secret, binding: Binding): Promise<Uint8Array>
  open(envelope: Uint8Array, binding: Binding): Promise<Secret>

  /** HMAC-SHA-512 (64 bytes) under the MAC key of that use. `use` is one of the uses that the app declared. */
  mac(use: string, message: Uint8Array): Promise<Uint8Array>
  /**
   * The same by every version of that key which is there, the newest first, whoever asks and whatever is found by them:
   * by which values are looked for, or compared, that an older version has made.
   */
  macs(use: string, message: Uint8Array): Promise<readonly VersionedMac[]>

  /** ECDSA P-256 with SHA-256 under the signing key of that use: 64 bytes, r and s, as in IEEE P1363. */
  sign(use: string, message: Uint8Array): Promise<Uint8Array>
  /** Uncompressed SEC 1 point, 65 bytes. */
  publicKey(use: string): Promise<Uint8Array>

  /** Ed25519 (RFC 8032) over the message as it is, under the signing key of that use: 64 bytes. */
  signEd25519(use: string, message: Uint8Array): Promise<Uint8Array>
  /** 32 bytes. */
  ed25519PublicKey(use: string): Promise<Uint8Array>

  /** A 256-bit key generated and wrapped inside the token. */
  issueKey(binding: Binding): Promise<Uint8Array>
  openKey(envelope: Uint8Array, binding: Binding): Promise<Secret>

  /** Generated and wrapped inside the token; where that wraps no private keys of the curve: drawn there, and sealed. */
  issueKeyPair(curve: PairCurve, binding: Binding): Promise<KeyPair>
  /**
   * ECDSA over a digest of 32 bytes: r and s, 64 bytes, s in the lower half, verified against the sealed public key. The
   * private key is unwrapped for this call, not extractable, where the token wrapped it; elsewhere this process signs.
   */
  signWithIssued(issued: IssuedPair, binding: Binding, digest: Uint8Array): Promise<Uint8Array>
  /** The public key as it was sealed: a copy of it in a column proves nothing, since whoever writes there can swap it. */
  issuedPublicKey(issued: IssuedPair, binding: Binding): Promise<Uint8Array>

  /** A 256-bit key generated inside the token and locked there with the factor. */
  issueLockedKey(request: LockRequest): Promise<LockedKey>
  /** `undefined`: the factor does not fit. The comparison takes constant time and the trace does not depend on the row. */
  openLockedKey(request: LockRequest, locked: LockedKey): Promise<Secret | undefined>
  /** Whether the factor fits, without opening the key. */
  fitsLock(request: LockRequest, locked: LockedKey): Promise<boolean>
  /** Locks the same key with another factor and binding; the key itself stays inside the token. `undefined`: the factor does not fit. */
  relockKey(request: LockRequest, locked: LockedKey, next: LockRequest): Promise<LockedKey | undefined>

  /** The lock alone, for a key that `lockRecoveredKey` brings later, when nobody is there to give the factor. */
  prepareLock(request: LockRequest): Promise<PreparedLock>
  /**
   * Locks a key of 32 bytes that came back from its recovery copy. The result opens to the prepared factor like an issued
   * one. The key is imported into the token for this call and wrapped there; the caller wipes its own copy.
   */
  lockRecoveredKey(key: Secret, binding: Binding, prepared: PreparedLock): Promise<LockedKey>

  /** Whether `completeRecipients` would change it. No device call. Throws `Unopenable` for what is no envelope. */
  lacksRecipients(envelope: Uint8Array): boolean
  /**
   * The same value with a recipient of every healthy token by its newest seal key, and none of a key that no token has;
   * needs no factor and leaves the body as it is. `undefined`: nothing is missing. The caller stores it by
   * compare-and-swap on the old bytes.
   */
  completeRecipients(envelope: Uint8Array, binding: Binding): Promise<Uint8Array | undefined>

  /** Every token behind this keystore, the first one first. No device call. */
  tokens(): readonly TokenStanding[]

  /** Of each healthy token, the first one first. */
  epochs(): Promise<readonly TokenEpoch[]>
  /** Raises those of the healthy tokens that are below `to`, a whole number above 0; bears repeating. Answers what they are then. */
  raiseEpochs(to: number): Promise<readonly TokenEpoch[]>
}

/** How often an app was started or restored, as its token remembers it: a database that says less is an old one. */
export interface TokenEpoch {
  readonly label: string
  /** Absent of a token that holds none: it was never raised, or keeps no such object. */
  readonly number?: number
}

export interface VersionedMac {
  readonly version: number
  /** Whether `mac` answers this one: what is written now. */
  readonly isCurrent: boolean
  readonly mac: Uint8Array
}

/** For health, metrics and logs: no secrets. */
export interface TokenStanding {
  readonly label: string
  /** `refused`: it is kept out for good, since its PIN or one of its keys is not as it should be; the log says which. */
  readonly state: 'healthy' | 'away' | 'refused'
  /** Absent while it was never there. */
  readonly description?: TokenDescription
}

/**
 * Opens what `sealForRecovery` closed, with the private half of a recovery key on a token of its own. Only the role
 * that restores keys has one. Errors as of `Keystore`.
 */
export interface RecoveryKeystore extends TokenHealth {
  /** Of the newest version. The proof that it is genuine is that it comes from here: keep it sealed by the other token. */
  publicKey(): Promise<RecoveryPublicKey>
  open(envelope: Uint8Array, binding: Binding): Promise<Secret>
}

/** What encrypts to a recovery key: plain data, no secret, but whoever can swap it reads every later copy. */
export interface RecoveryPublicKey {
  /** RSA of 3072 bits or more, `SubjectPublicKeyInfo`, DER. */
  readonly spki: Uint8Array
  /** `CKA_ID` of the key on its token. */
  readonly keyId: Uint8Array
  readonly version: number
  /** `rsa-oaep-sha256-gcm`, or `rsa-oaep-sha1-gcm` where the token knows no other. */
  readonly strategy: string
}

/** What every keystore tells of the token behind it. */
export interface TokenHealth {
  /** Throws `HsmUnavailable` at once while the token is known to be away, without a device call: asked before a guess is charged. */
  assertAvailable(): void
  /** One real round trip on the token's own objects. Throws `HsmUnavailable`. */
  check(): Promise<void>
  /** What stands behind this keystore, for health and logs: no secrets. */
  describe(): KeystoreDescription
  close(): Promise<void>
}

export interface TokenDescription {
  readonly label: string
  readonly manufacturer: string
  readonly model: string
  readonly serial: string
  /** True where the module keeps its keys in files: SoftHSM, NSS and the like. */
  readonly software: boolean
}

export interface KeystoreDescription extends TokenDescription {
  /** Where the token is worked with. */
  readonly executor: 'inline' | 'process'
}

/** A job that one token key has; no key has two. */
export const keyJobs = ['seal', 'wrap', 'wrap-pair', 'mac', 'sign', 'sign-ed25519', 'recover'] as const

export type KeyJob = (typeof keyJobs)[number]

/**
 * Keys that encrypt other keys and values. All of an app's have one number of their version, on every token, and are
 * rotated together: what the current seal key sealed was wrapped by the current wrap key.
 */
export const kekJobs: readonly KeyJob[] = ['seal', 'wrap', 'wrap-pair']

/**
 * A version of a key. `published`: every replica loads it, it opens and does not seal yet. `active`: the newest active one
 * seals. `retired`: it opens only. `destroying`: nobody loads it any more, and it may be gone from its token.
 */
export const keyStates = ['published', 'active', 'retired', 'destroying'] as const

export type KeyState = (typeof keyStates)[number]

/** Keys that are told apart, and rotated, by their use. */
export type UseJob = 'mac' | 'sign'

/**
 * What the values of a MAC or signing key become with its next version. `verify-only`: locks name the version that locked them, which
 * verifies until they are locked anew. `rebuilt`: indexes over sealed values, computed anew by a job. `passing`: compared, or
 * verified, by every version, and gone in days. `fixed`: they are names that other values are bound to, stamps, or signatures
 * whose key others have pinned; the key cannot be rotated.
 */
export type KeyRotation = 'verify-only' | 'rebuilt' | 'passing' | 'fixed'

/** A key that an app needs: `use` tells MAC and signing keys apart, and is empty for seal, wrap, wrap-pair and recover. */
export interface KeyNeed {
  readonly job: KeyJob
  readonly use: string
  /** `where-able`: a token that cannot do the job goes without the key; whoever asks for it then is told that it was not declared. */
  readonly demand?: 'where-able'
  /** Of a MAC or signing key: what becomes of its values when it is rotated. Without it, it is not. */
  readonly rotates?: KeyRotation
  /** Of one whose values pass: seconds after which the last of them has. Two days unless said. */
  readonly passesAfter?: number
}

/**
 * What is recorded, in the database, of a key that exists on the token. The check value proves at each start that the
 * token still holds that very key: one that is gone or another is never silently replaced.
 */
export interface KeyRecord extends KeyNeed {
  /** Label of the token that has it; absent for the first token. */
  readonly token?: string
  readonly version: number
  /**
   * `CKA_LABEL` on the token: `strongroom/<app>/<job>[/<use>]/v<version>`. Of a key that the operator named: his label, or
   * `pkcs11:id=%01` (RFC 7512) where he named it by its id.
   */
  readonly label: string
  /** How the key is used, by the name of a format: `hsm-gcm`, `A256KW-RFC3394`, `hmac-sha512`, `ecdsa-p256`, `ed25519` and others. */
  readonly strategy: string
  readonly checkValue: Uint8Array
  /** `active` where there is none. */
  readonly state?: KeyState
  /** By which envelopes name it: `CKA_ID`, 16 random bytes of a key that we made; empty where nothing of it is on the token. */
  readonly keyId?: Uint8Array
}

/** Keys to be loaded: what is being destroyed may be gone. */
export const loadable = <Key extends Pick<KeyRecord, 'state'>>(keys: readonly Key[]): Key[] =>
  keys.filter(({ state }) => state !== 'destroying')
