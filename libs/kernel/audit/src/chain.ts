import { encodeTuple, sha256 } from '@strongroom/crypto'

/** Whose chain it is: bound into its beginning, so that no other deployment's or app's passes for it. */
export interface ChainOwner {
  readonly deployment: string
  readonly app: string
}

/**
 * An event as text that PostgreSQL writes alike whatever its settings: `at` in seconds since 1970 with six decimals,
 * `detail` as jsonb prints it. Parsed, two numbers beyond 2^53 could be one.
 */
export interface Entry {
  readonly id: string
  readonly at: string
  readonly event: string
  readonly subject: string
  readonly detail: string
}

/** The hash before the first entry. 32 bytes. */
export const genesisOf = ({ deployment, app }: ChainOwner): Uint8Array =>
  sha256(encodeTuple('strongroom/audit/genesis', deployment, app))

/** The hash of an entry and, through `previous`, of all before it. 32 bytes. */
export const linkHash = (previous: Uint8Array, { id, at, event, subject, detail }: Entry): Uint8Array =>
  sha256(encodeTuple('strongroom/audit/entry', previous, id, at, event, subject, detail))
