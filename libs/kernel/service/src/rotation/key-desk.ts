/** What an operator may do with the keys that seal and wrap; they are rotated together, under one number for all of them. */
export interface KeyDesk {
  /** No device call, and no login. */
  status(): Promise<KeyStatus>
  /** Makes the next version on every token, all of which must be at hand, and records it: it opens and does not seal yet. Again: completes what a crash left. */
  publish(): Promise<Published>
  /** From now on the published version seals. Refused while a replica that lives has not loaded it. Again: nothing happens. */
  activate(): Promise<Activated>
  /** Has workers seal every declared value by the active version. Again: nothing happens while that is under way. */
  beginRewrap(): Promise<RewrapProgress>
  rewrapProgress(): Promise<RewrapProgress>
  /** Where values of a version still are, in every column of the database that holds bytes or JSON, declared or not. */
  references(version: number): Promise<References>
  /** Destroys a retired version that nothing refers to, on every token. Again: completes what a crash left. */
  destroy(version: number): Promise<Destroyed>
  close(): Promise<void>
}

export type KeyState = 'published' | 'active' | 'retired' | 'destroying'

/** One version of all keys that seal and wrap. */
export interface KeyVersion {
  readonly version: number
  readonly state: KeyState
  readonly keys: readonly VersionedKey[]
}

export interface VersionedKey {
  /** Label of its token. */
  readonly token: string
  readonly job: string
  readonly label: string
  readonly strategy: string
  /** `CKA_ID`, hex; empty for a key that is none (`sealed-random`). */
  readonly keyId: string
  /** `found`: the operator named it; it is never destroyed by us. */
  readonly source: 'made' | 'found'
}

/** A process of the app that works with the tokens. */
export interface Replica {
  readonly id: string
  /** Host and process id. */
  readonly name: string
  /** What it has loaded; behind that of the status until it has looked again, two seconds at most where all is well. */
  readonly generation: number
  readonly seenSecondsAgo: number
  /** It has loaded the newest keys. */
  readonly isCurrent: boolean
}

export interface KeyStatus {
  readonly generation: number
  readonly tokens: readonly string[]
  /** The newest first. */
  readonly versions: readonly KeyVersion[]
  /** Those that live, seen within a minute. */
  readonly replicas: readonly Replica[]
}

export interface Published {
  readonly version: number
  /** Labels, a line for each token; empty where it was there already. */
  readonly made: readonly { readonly token: string; readonly label: string }[]
}

export interface Activated {
  readonly version: number
  /** Versions that open only from now on. */
  readonly retired: readonly number[]
  readonly outcome: 'activated' | 'was-active'
}

export interface RewrapProgress {
  /** `none`: never begun for the active version; `halted`: pages are parked, or nobody works. */
  readonly state: 'none' | 'running' | 'finished' | 'halted'
  readonly version: number
  /** Rows read and, where they needed it, renewed; of how many there were at the beginning. */
  readonly done: number
  readonly total: number
  /** Since it began; `undefined` while there is nothing to tell. */
  readonly rowsPerSecond: number | undefined
  readonly secondsLeft: number | undefined
  /** Rows that do not open or could not be renewed; each was logged by column and id. */
  readonly unopenable: number
  readonly columns: readonly RewrapColumn[]
}

export interface RewrapColumn {
  readonly column: string
  readonly done: number
  readonly total: number
  readonly unopenable: number
  readonly isFinished: boolean
}

export interface References {
  readonly version: number
  readonly rows: number
  /** Only those with rows. */
  readonly columns: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
}

export interface Destroyed {
  readonly version: number
  readonly destroyed: readonly { readonly token: string; readonly label: string }[]
}

export type KeyRefusalReason =
  | 'token-away'
  | 'replicas-behind'
  | 'nothing-published'
  | 'not-retired'
  | 'still-referred-to'
  | 'too-soon'
  | 'found-keys'
  | 'unknown-version'
  | 'version-published'
  | 'version-incomplete'
  | 'rewrap-running'
  | 'unknown-use'
  | 'fixed-use'

/** What was asked for cannot be done now; `message` says why, `remedy` what to do, `details` names what is in the way. */
export class KeyRefused extends Error {
  override readonly name = 'KeyRefused'
  readonly reason: KeyRefusalReason
  readonly remedy: string
  /** A line each: replicas by name, columns with their rows, tokens by label. */
  readonly details: readonly string[]

  constructor(reason: KeyRefusalReason, told: { what: string; remedy: string; details?: readonly string[] }) {
    super(`${told.what}: ${told.remedy}`)
    this.reason = reason
    this.remedy = told.remedy
    this.details = told.details ?? []
  }
}

// openKeyDesk<S extends Settings>(service: Service<S>, env: NodeJS.ProcessEnv, log: Log): Promise<KeyDesk>
// `env` holds what `provision` reads: the app's settings, MIGRATOR_DATABASE_URL(_FILE), RUNTIME_ROLE.
// Throws BadSettings, NeedsProvisioning, HsmRefusal, HsmUnavailable besides KeyRefused.
