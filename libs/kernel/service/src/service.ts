import type { KeyNeed, Keystore, RecoveryKeystore, RecoveryPublicKey } from '@strongroom/hsm'
import type { TokenWebCrypto } from '@strongroom/hsm/webcrypto'
import type { Described, Mount } from '@strongroom/http'
import type { MacColumn, SealedColumn, Work } from '@strongroom/jobs'
import type { Database, MigrationSet } from '@strongroom/storage'
import type { kernelSettings } from './kernel-settings.ts'
import type { Log } from './log.ts'
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
  /** Every column of envelopes, so that each value gets a recipient of each token. */
  readonly sealed: readonly SealedColumn[]
  /** Every column of MACs over what is sealed, so that it is computed anew when its key is rotated. */
  readonly indexes?: readonly MacColumn[]
  /** Whether copies of keys are encrypted to a second token, which only a worker logs in to. */
  readonly recovery?: 'second-token'
  /** The endpoints of the public listener, as documents describe them. */
  readonly api: Omit<Described, 'title' | 'version' | 'description'>
  /** Doors that these settings open: a sentence each. They are for development; production refuses to start with one. */
  doors?(settings: ValuesOf<S>): readonly string[]
  /** What an operator should know of these settings, told at each start. */
  warnings?(settings: ValuesOf<S>): readonly string[]
  /** Gives the endpoints what they need; the first one's dialect answers where nothing else does. */
  mount(parts: ApiParts<S>): readonly [Mount, ...Mount[]]
  /** Listeners of their own beside the public one, for other callers than the public. */
  beside?(parts: ApiParts<S>): readonly Beside[]
  /** What operators may do by `main.ts <name> <arguments…>`, each in a process of its own. */
  readonly commands?: Readonly<Record<string, Command<S>>>
  /** Gives jobs and sweeps what they need. */
  work?(parts: WorkParts<S>): readonly Work[]
}

export interface Beside {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Certificates, PEM: callers must bring one that `clientCa` vouches for. Without it the listener speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string }
  readonly mounts: readonly [Mount, ...Mount[]]
}

export interface Command<S extends Settings> {
  readonly summary: string
  /** Names of what is to be given, in this order. */
  readonly takes: readonly string[]
  /** Answers a line for the operator. @throws CommandRefused with the reason. */
  run(parts: Parts<S>, given: readonly string[]): Promise<string>
}

/** An operator asked for what cannot be done; the message says why. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
}

export interface Parts<S extends Settings> {
  readonly settings: ValuesOf<S> & ValuesOf<typeof kernelSettings>
  readonly database: Database
  readonly hsm: Keystore
  readonly log: Log
  /**
   * The first token as WebCrypto sees it, with the app's signing keys; opened when first asked for, and closed at the end.
   * It works in this process whatever the executor: opening it logs in here. Throws as `openKeystore` does.
   */
  readonly webCrypto: () => Promise<TokenWebCrypto>
  /** What to close when the process ends: connections that the app opened itself. */
  readonly atEnd: (close: () => unknown) => void
}

export interface ApiParts<S extends Settings> extends Parts<S> {
  /** Whom copies of keys are encrypted to. Throws for an app that declares no recovery. */
  readonly recovery: () => { readonly publicKey: RecoveryPublicKey; readonly deployment: string; readonly app: string }
}

export interface WorkParts<S extends Settings> extends Parts<S> {
  /** Opens copies of keys. Throws for an app that declares no recovery. */
  readonly recovery: () => RecoveryKeystore
}
