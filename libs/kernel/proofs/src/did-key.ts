import { checkEd25519Key, KeyError } from '@strongroom/crypto'
import { base58 } from '@scure/base'

const ed25519Multikey = /^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/
const prefix = 'did:key:'

/** The Ed25519 key of a did:key (W3C CCG, did:key method 0.9); `undefined` for another method or kind of key. */
export const readDidKey = (did: string): Uint8Array | undefined =>
  did.startsWith(prefix) ? readMultikey(did.slice(prefix.length)) : undefined

/** W3C Controlled Identifiers 1.0, Multikey: base58btc of 0xed01 and the key, which is checked to be one. */
export function readMultikey(text: string): Uint8Array | undefined {
  // The length is fixed, so that a long text costs nothing.
  if (!ed25519Multikey.test(text)) return undefined
  const bytes = base58.decode(text.slice(1))
  return bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01 ? checked(bytes.subarray(2)) : undefined
}

/** The key itself where a signature may be checked with it: on a point of small order one signature fits every message. */
export function checked(key: Uint8Array): Uint8Array | undefined {
  try {
    checkEd25519Key(key)
    return key
  } catch (error) {
    if (error instanceof KeyError) return undefined
    throw error
  }
}
