import { canonicalJson, encodeTuple, equalBytes, fromUtf8, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'

/** MAC keys of the app's token. */
export const IDENTITY_USE = 'account-identity'
export const STAMP_USE = 'account-stamp'
/** Signing key of our tokens. */
export const TOKEN_USE = 'account-token'

const HALF = 32

/** Who somebody is to an app: never an e-mail address, which another provider may give to another person. */
export interface Login {
  readonly appId: string
  readonly provider: string
  /** Whose subject it is: a Firebase project, an OIDC issuer. */
  readonly issuer: string
  readonly subject: string
}

/** What a login is called in the database. */
export async function nameIdentity(hsm: Keystore, { appId, provider, issuer, subject }: Login): Promise<Uint8Array> {
  const mac = await hsm.mac(IDENTITY_USE, encodeTuple(appId, provider, issuer, subject))
  return mac.subarray(0, HALF)
}

export interface Owner {
  readonly id: string
  readonly appId: string
}

/** A row moved to another account, or an account to another app, has another owner. */
export const ownerOf = ({ id, appId }: Owner): string => `${appId}/${id}`

/** A public row that decides. */
export interface Stamped {
  readonly kind: 'identity' | 'key' | 'address' | 'change' | 'recovery' | 'two-factor'
  /** Of the row, among those of its kind. */
  readonly name: string
  /** What of it decides, its state among it. */
  readonly facts: readonly string[]
}

/** Ties a public row to its account: whoever can write the table cannot make one, or move it to another state. */
export async function stampOf(hsm: Keystore, owner: Owner, { kind, name, facts }: Stamped): Promise<Uint8Array> {
  const mac = await hsm.mac(STAMP_USE, encodeTuple(kind, name, ownerOf(owner), ...facts))
  return mac.subarray(0, HALF)
}

export const isStamped = async (
  hsm: Keystore,
  owner: Owner,
  row: Stamped & { readonly stamp: Uint8Array | null },
): Promise<boolean> => row.stamp !== null && equalBytes(row.stamp, await stampOf(hsm, owner, row))

/** Of a column of a row of this domain. */
export const bindTo = (
  owner: Owner,
  { table, row, purpose }: { table: string; row: string; purpose: string },
): Binding => ({ table: `chain_accounts.${table}`, row, owner: ownerOf(owner), purpose })

/** The private half of the server's key of an account, wrapped in the token. */
export const bindServerKey = (owner: Owner, keyId: string): Binding =>
  bindTo(owner, { table: 'keys', row: keyId, purpose: 'server-key' })

/** What a device, a passkey or a cloud is called, and where it is told. */
export const bindKeyData = (owner: Owner, keyId: string): Binding =>
  bindTo(owner, { table: 'keys', row: keyId, purpose: 'data' })

/** Subject and e-mail of a login. */
export const bindProfile = (owner: Owner, lookup: Uint8Array): Binding =>
  bindTo(owner, { table: 'identities', row: toHex(lookup), purpose: 'profile' })

/** Facts of people as JSON, sealed to a row. */
export const sealJson = (hsm: Keystore, binding: Binding, value: unknown): Promise<Uint8Array> =>
  hsm.seal(new Secret(toUtf8(JSON.stringify(value))), binding)

/** @throws Unopenable for what belongs elsewhere. */
export async function openJson(hsm: Keystore, binding: Binding, envelope: Uint8Array): Promise<unknown> {
  const opened = await hsm.open(envelope, binding)
  return JSON.parse(fromUtf8(opened.expose())) as unknown
}

/** The one text of a public value, for stamps. */
export const canonicalText = (value: unknown): string => fromUtf8(canonicalJson(value))
