import { PrivateKey } from 'graphene-pk11'
import type { CryptoKey as LibraryKey } from 'node-webcrypto-p11'

/**
 * The library asks the token before every use what class a key has and whether it wants its PIN again: five calls into the
 * module, which reads its files for each. Neither ever changes, so they are asked for once.
 */
export function settleKey(key: LibraryKey): LibraryKey {
  const object = key.key
  if (object instanceof PrivateKey) {
    Object.defineProperty(object, 'alwaysAuthenticate', { value: object.alwaysAuthenticate })
  }
  return Object.defineProperty(key, 'key', { value: object })
}
