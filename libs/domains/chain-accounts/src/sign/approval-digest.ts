import { canonicalJson, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import type { ChangeRow } from './store.ts'

/** What another device signs: this change, and none that is asked for later, however alike. 32 bytes. */
export const approvalDigest = ({ id, digest }: Pick<ChangeRow, 'id' | 'digest'>): Uint8Array =>
  sha256(canonicalJson({ id, digest: toHex(digest) }))

/** What a device signs: never the 32 bytes alone, which could be the hash of a transaction. */
export const approvalText = (row: Pick<ChangeRow, 'id' | 'digest'>): Uint8Array =>
  toUtf8(`approve:${toHex(approvalDigest(row))}`)
