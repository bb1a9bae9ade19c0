import type { KeyRotation } from '@strongroom/hsm'
import type { KeyState } from './key-desk.ts'

/** What an operator may do with MAC keys, or with signing keys: each use is rotated by itself, and has versions of its own. */
export interface UseDesk {
  /** Every use that the app declares. No device call, and no login. */
  status(): Promise<readonly UseStatus[]>
  /**
   * Makes the next version: of a MAC key the same on every token, of a signing key on the first. Values are looked for, or
   * verified, by it, and none is made yet. Again: nothing more is made.
   */
  publish(use: string): Promise<{ readonly version: number }>
  /** From now on the published version makes values. Refused while a replica that lives has not loaded it. Again: nothing happens. */
  activate(use: string): Promise<{ readonly version: number }>
  /** Destroys a retired version that no value needs, on every token. Again: completes what a crash left. */
  destroy(use: string, version: number): Promise<void>
  close(): Promise<void>
}

export interface UseStatus {
  readonly use: string
  readonly rotates: KeyRotation
  /** The newest first. */
  readonly versions: readonly UseVersion[]
}

export interface UseVersion {
  readonly version: number
  readonly state: KeyState
  /** Rows that need it, where that can be counted; only those columns that have some. */
  readonly needed: readonly NeededBy[]
}

export interface NeededBy {
  readonly table: string
  readonly column: string
  readonly rows: number
}
