import { createHash } from 'node:crypto'
import { base32nopad } from '@scure/base'
import { encodeTuple, toHex, toUtf8, type TuplePart } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { blobTypes, type BlobType, isPrivateBlob, type BlobTag } from './contract.ts'

/** MAC key of the app's token. */
export const BLOB_USE = 'blob'

const HALF = 32

/** Of Node: of a MiB it takes an eighth of the time that the portable one keeps everybody waiting. */
const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const half = async (hsm: Keystore, ...parts: readonly TuplePart[]): Promise<Uint8Array> =>
  (await hsm.mac(BLOB_USE, encodeTuple(...parts))).subarray(0, HALF)

/** Whose a blob is, and what it is for. */
export interface BlobPlace {
  /** `G…`, or empty: nobody's. */
  readonly owner: string
  readonly type: BlobType
  /** Of `nameBringer`, where the account was being recovered. */
  readonly bringer: Uint8Array | null
}

/** TokenD's: base32 of the SHA-256 of owner, the type's bit in decimal, and value. 52 letters. */
export const publicIdOf = ({ owner, type }: Pick<BlobPlace, 'owner' | 'type'>, value: Uint8Array): string =>
  base32nopad.encode(sha256(toUtf8(`${owner}${String(blobTypes[type])}`), value))

/**
 * What a blob is called. A private one by a MAC: who has a dump cannot try what a form may say. One that was brought in a
 * recovery has a name of its own: who reads the owner's mail does not learn whether a guess at a form is right either.
 */
export async function nameBlob(hsm: Keystore, place: BlobPlace, value: Uint8Array): Promise<string> {
  const { owner, type, bringer } = place
  if (!isPrivateBlob(type)) return publicIdOf(place, value)
  return base32nopad.encode(await half(hsm, 'id', owner, blobTypes[type], bringer ?? '', sha256(value)))
}

/** The key that brings papers in a recovery; of an account, so that no two keys of two accounts are one. */
export const nameBringer = (hsm: Keystore, { account, key }: { account: string; key: string }): Promise<Uint8Array> =>
  half(hsm, 'bringer', account, key)

/** What a tag is called beside a public blob of an owner, and beside a private one. */
export const publicTagOf = (owner: string, [name, id]: BlobTag): Uint8Array =>
  sha256(encodeTuple('tag', owner, name, id))
export const privateTagOf = (hsm: Keystore, owner: string, [name, id]: BlobTag): Promise<Uint8Array> =>
  half(hsm, 'tag', owner, name, id)

export interface Related {
  /** All tags together, with owner and type: what a newer NAV update takes the place of. */
  readonly related: Uint8Array
  readonly tags: readonly Uint8Array[]
}

export async function nameTags(hsm: Keystore, { owner, type }: BlobPlace, tags: readonly BlobTag[]): Promise<Related> {
  const names: Uint8Array[] = []
  for (const tag of tags)
    names.push(isPrivateBlob(type) ? await privateTagOf(hsm, owner, tag) : publicTagOf(owner, tag))
  const sorted = names.toSorted((one, other) => (toHex(one) < toHex(other) ? -1 : 1))
  return { related: sha256(encodeTuple('related', owner, blobTypes[type], ...sorted)), tags: names }
}
