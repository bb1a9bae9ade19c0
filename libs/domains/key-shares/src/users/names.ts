import { encodeTuple, equalBytes, fromUtf8, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'
import type { Access } from '@strongroom/proofs'

/** MAC keys of the app's token. */
export const USER_USE = 'user'
export const CHALLENGE_USE = 'challenge'
export const FACE_USE = 'face'
export const STAMP_USE = 'stamp'
/** Signing key of events. */
export const EVENT_USE = 'events'

const HALF = 32

/** What a person is called in the database: a MAC of the token's issuer and subject. */
export async function nameUser(
  hsm: Keystore,
  { issuer, subject }: Pick<Access, 'issuer' | 'subject'>,
): Promise<Uint8Array> {
  const mac = await hsm.mac(USER_USE, encodeTuple(issuer, subject))
  return mac.subarray(0, HALF)
}

export interface Owner {
  readonly id: string
  readonly lookup: Uint8Array
}

/** A row moved to another user, or a user to another person, has another owner. */
export const ownerOf = ({ id, lookup }: Owner): string => `${id}/${toHex(lookup)}`

export interface Stamped {
  readonly kind: 'device' | 'key' | 'keygen'
  /** Of the row, among those of its kind. */
  readonly name: string
}

/** Ties a public row to its owner: whoever can write the table cannot make one. */
export async function stampOf(hsm: Keystore, owner: Owner, row: Stamped): Promise<Uint8Array> {
  const mac = await hsm.mac(STAMP_USE, encodeTuple(row.kind, row.name, ownerOf(owner)))
  return mac.subarray(0, HALF)
}

export const isStamped = async (
  hsm: Keystore,
  owner: Owner,
  row: Stamped & { stamp: Uint8Array | null },
): Promise<boolean> => row.stamp !== null && equalBytes(row.stamp, await stampOf(hsm, owner, row))

/** A random-looking, lower-case UUID (version 8 of RFC 9562) that the face service knows a user by. */
export async function faceRefOf(hsm: Keystore, owner: Owner): Promise<string> {
  const mac = await hsm.mac(FACE_USE, encodeTuple(ownerOf(owner)))
  const hex = toHex(mac.subarray(0, 16))
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8'
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

export const bindName = (owner: Owner, deviceKey: string): Binding => ({
  table: 'key_shares.devices',
  row: deviceKey,
  owner: ownerOf(owner),
  purpose: 'name',
})

export const sealName = (hsm: Keystore, owner: Owner, { deviceKey, name }: { deviceKey: string; name: string }) =>
  hsm.seal(new Secret(toUtf8(name)), bindName(owner, deviceKey))

export async function openName(
  hsm: Keystore,
  owner: Owner,
  { deviceKey, name }: { deviceKey: string; name: Uint8Array },
): Promise<string> {
  const opened = await hsm.open(name, bindName(owner, deviceKey))
  return fromUtf8(opened.expose())
}

/** Of a key share: owner, key and version. */
export const bindBackup = (owner: Owner, { keyId, version }: { keyId: string; version: number }): Binding => ({
  table: 'key_shares.backups',
  row: keyId,
  owner: ownerOf(owner),
  purpose: 'keyshare',
  version,
})
