import type { Binding, Keystore, KeyRecord, RecoveryKeystore, RecoveryPublicKey } from '../keystore.ts'
import type { KeystoreOptions } from '../keystore-options.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import type { ModuleFaults } from '../testing/module-faults.ts'
import type { Traits } from './traits.ts'

/** Recovery keys, which no other key stands beside in the keystores that are opened on them. */
export interface RecoveryKeys {
  readonly keys: readonly KeyRecord[]
  readonly publicKey: RecoveryPublicKey
  /** As `shared` of a trial. */
  readonly shared: () => Promise<RecoveryKeystore>
  readonly open: (changes?: Partial<KeystoreOptions>) => Promise<RecoveryKeystore>
}

/** What one promise has to work with; everything that it opens is closed when it is done. */
export interface Trial {
  readonly traits: Traits
  readonly capabilities: Capabilities
  /** Enough to open and to provision with. */
  readonly connection: Omit<KeystoreOptions, 'keys'>
  readonly keys: readonly KeyRecord[]
  /** The one that promises share, which cannot be closed; healthy whatever went before. It looks at the token once a minute. */
  readonly shared: () => Promise<Keystore>
  /** Shared as well, of the same deployment and app, with other keys: what another token would be. */
  readonly stranger: () => Promise<Keystore>
  /** One of its own, which looks at the token 50 times a second. */
  readonly open: (changes?: Partial<KeystoreOptions>) => Promise<Keystore>
  /** Two, each with a pair of its own. Made when first asked for, since a pair takes seconds. */
  readonly recovery: (which: 'here' | 'there') => Promise<RecoveryKeys>
  /** A read-write session, logged in: what an attacker with the PIN would have. */
  readonly session: () => Session
  /** Of the token and of nobody else in this process. */
  readonly faults: () => ModuleFaults
  /** What the reader of the report should know although the promise is kept. */
  readonly note: (warning: string) => void
  /** Runs when the promise is done, whatever came of it. */
  afterwards(step: () => void | Promise<void>): void
}

export const binding: Binding = { table: 'keys', row: 'row-1', owner: 'ada', purpose: 'conformance' }

/** The binding with one field after the other belonging elsewhere. */
export const otherBindings: readonly Binding[] = [
  { ...binding, table: 'users' },
  { ...binding, row: 'row-2' },
  { ...binding, owner: 'eve' },
  { ...binding, purpose: 'other' },
  { ...binding, version: 0 },
  // Two fields that read alike when joined.
  { ...binding, table: 'keysr', row: 'ow-1' },
]
