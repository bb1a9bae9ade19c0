import { readFileSync, rmSync } from 'node:fs'
import { worldFileOf, type Places } from './places.ts'
import { writePrivately } from './private-file.ts'

/** What tests and tools need to find their way in a running world. Holds credentials: 0600. */
export interface WorldFile {
  /** Base address by app. */
  readonly apps: Readonly<Record<string, string>>
  /** Base address of an app's listener for hooks, by app; none where no app has one. */
  readonly hooks?: Readonly<Record<string, string>>
  /** Of the superuser. */
  readonly postgres: string
  /** Where everything that the apps send is caught: its page, and `GET /messages`. */
  readonly outbox: string
  readonly smtp: string
  /** Gives tokens to whoever names a person; none where no app needs one. */
  readonly issuer?: string
  readonly firebase?: { readonly projectId: string; readonly authEmulatorHost: string }
  /** The stub of a FaceTec server; none where no app needs one. */
  readonly faces?: string
  /** The bucket of a store that speaks S3; none where no app needs one. */
  readonly objects?: string
  /** Nodes of chains by name, Flow’s a stub; none where no app needs one. */
  readonly chains?: Readonly<Record<string, string>>
  /** Whose requests are an administrator's, `G…`; none where no app needs one. */
  readonly administrator?: string
  /** With its password; none where no app needs it, or no redis-server is installed. */
  readonly redis?: string
  readonly pkcs11: { readonly module: string; readonly tokens: Readonly<Record<string, TokenAccess>> }
}

export interface TokenAccess {
  readonly label: string
  readonly pinFile: string
  /** What `SOFTHSM2_CONF` must name to see this token. */
  readonly softhsmConf: string
}

export const writeWorldFile = (places: Places, world: WorldFile): void =>
  writePrivately(worldFileOf(places), `${JSON.stringify(world, undefined, 2)}\n`)

export function readWorldFile(places: Places): WorldFile | undefined {
  try {
    return JSON.parse(readFileSync(worldFileOf(places), 'utf8')) as WorldFile
  } catch {
    return undefined
  }
}

/** A world that is down has no address. */
export const removeWorldFile = (places: Places): void => rmSync(worldFileOf(places), { force: true })
