import type { KeyNeed, Keystore } from '@strongroom/hsm'
import type { Described, Mount } from '@strongroom/http'
import type { Database, MigrationSet } from '@strongroom/storage'
import type { kernelSettings } from './kernel-settings.ts'
import type { Settings, ValuesOf } from './settings.ts'

/** What an app is made of: its parts list. */
export interface Service<S extends Settings> {
  /** Names the app in its database, in every ciphertext and in logs. Never change it. */
  readonly name: string
  readonly summary: string
  readonly settings: S
  /** In the order in which they must run; the kernel's own come before. */
  readonly migrations: readonly MigrationSet[]
  readonly keys: readonly KeyNeed[]
  /** The endpoints of the public listener, as documents describe them. */
  readonly api: Omit<Described, 'title' | 'version' | 'description'>
  /** Gives the endpoints what they need. */
  mount(parts: Parts<S>): Mount
}

export interface Parts<S extends Settings> {
  readonly settings: ValuesOf<S> & ValuesOf<typeof kernelSettings>
  readonly database: Database
  readonly hsm: Keystore
}
