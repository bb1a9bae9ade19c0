import type { HsmLog } from './breaker.ts'
import type { TokenConnection } from './connect.ts'
import type { KeyRecord } from './keystore.ts'

/**
 * Where the token is worked with: `inline`, in this process, one call at a time; `process`, in a process of its own, in
 * several sessions. `auto` logs in inline, looks how fast the token is, and moves a slow one to a process.
 */
export type ExecutorKind = 'inline' | 'process' | 'auto'

export interface ExecutorOptions {
  /** `inline` by default. */
  readonly executor?: ExecutorKind
  /** Of `process`: how many sessions work at once, where the token gives so many. 8 by default. */
  readonly sessions?: number
  /** Of `process`: seconds in which an operation must be answered, and may wait for a session before. 5 by default. */
  readonly callSeconds?: number
  /** Of `process`: seconds in which it must have logged in and checked every key. 30 by default. */
  readonly startSeconds?: number
  /** Of `process`: bytes by which it may grow before another takes its place. 256 MiB by default. */
  readonly mostGrowth?: number
}

/** How one token is reached and worked with. */
export interface TokenOptions extends TokenConnection, ExecutorOptions {}

export interface KeystoreOptions extends TokenOptions, CommonOptions {}

/** Several tokens of one class, the first one first: it alone has the signing keys. */
export interface SeveralTokensOptions extends CommonOptions {
  readonly tokens: readonly TokenOptions[]
  /** How many tokens must hold a value before it counts as kept: 1 by default. */
  readonly minRecipients?: number
}

interface CommonOptions {
  /** Every key of the app, all versions: what `provisionKeys` returned and the database keeps. */
  readonly keys: readonly KeyRecord[]
  /** Between two looks at the token's own objects. 1000 by default. */
  readonly probeIntervalMs?: number
  readonly log?: HsmLog
  /** From 0 to 1, for jitter alone. */
  readonly random?: () => number
}
