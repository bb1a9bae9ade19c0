import { base32nopad } from '@scure/base'
import { equalBytes, type RandomSource } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { stampOf } from '../wallets/names.ts'
import { type DocumentType, isPrivateDocument } from './document-types.ts'
import type { StoredDocument } from './store.ts'

/** 35 bytes are 56 letters with no bit left over. */
const KEY_BYTES = 35

/** Of keys whose files anybody may read: for a policy of the store on this prefix. */
export const PUBLIC_PREFIX = 'pub'
export const PRIVATE_PREFIX = 'prv'

/** 56 letters that say of a document whether it is private, and nothing else. */
export function drawKey(type: DocumentType, random: RandomSource): string {
  const drawn = base32nopad.encode(random(KEY_BYTES)).toLowerCase()
  const prefix = isPrivateDocument(type) ? PRIVATE_PREFIX : PUBLIC_PREFIX
  return prefix + drawn.slice(prefix.length)
}

type Facts = Omit<StoredDocument, 'stamp'>

export const stampDocument = (hsm: Keystore, { key, owner, type, contentType }: Facts): Promise<Uint8Array> =>
  stampOf(hsm, 'document', key, owner, type, contentType)

export const isStamped = async (hsm: Keystore, document: StoredDocument): Promise<boolean> =>
  equalBytes(document.stamp, await stampDocument(hsm, document))
