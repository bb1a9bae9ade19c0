import { type RandomSource, Secret, systemRandom, toUtf8 } from '@strongroom/crypto'

const VERSION = 1
const NONCE = 12
const KEY = 32

/** What backs the shares of one wallet up. Keep it where the server cannot get it: the user's own cloud drive. */
export const newBackupKey = (random: RandomSource = systemRandom): Secret => new Secret(random(KEY))

/**
 * A key share as the server may keep it: `0x01 || nonce (12) || ciphertext || tag (16)`, AES-256-GCM (SP 800-38D) with the
 * UTF-8 of the key id as associated data, so that a server cannot give one wallet's share out as another's.
 * @param backupKey 32 bytes.
 */
export async function sealKeyshare(
  backupKey: Secret,
  { keyId, keyshare }: { readonly keyId: string; readonly keyshare: Secret },
  random: RandomSource = systemRandom,
): Promise<Uint8Array> {
  const nonce = random(NONCE)
  const key = await importKey(backupKey, 'encrypt')
  const ciphertext = await globalThis.crypto.subtle.encrypt(parameters(nonce, keyId), key, ownBytes(keyshare.expose()))
  const sealed = new Uint8Array(1 + NONCE + ciphertext.byteLength)
  sealed.set([VERSION, ...nonce])
  sealed.set(new Uint8Array(ciphertext), 1 + NONCE)
  return sealed
}

/** `undefined`: sealed under another key or for another key id, in another format, or changed. Which, nobody can tell. */
export async function openKeyshare(
  backupKey: Secret,
  { keyId, sealed }: { readonly keyId: string; readonly sealed: Uint8Array },
): Promise<Secret | undefined> {
  const key = await importKey(backupKey, 'decrypt')
  if (sealed[0] !== VERSION) return undefined
  const wanted = parameters(sealed.slice(1, 1 + NONCE), keyId)
  try {
    return new Secret(new Uint8Array(await globalThis.crypto.subtle.decrypt(wanted, key, sealed.slice(1 + NONCE))))
  } catch {
    return undefined
  }
}

function importKey(backupKey: Secret, use: 'encrypt' | 'decrypt') {
  // AES takes 16 bytes as well, and would be another cipher without a word.
  if (backupKey.length !== KEY) throw new TypeError('backupKey is not 32 bytes')
  return globalThis.crypto.subtle.importKey('raw', ownBytes(backupKey.expose()), 'AES-GCM', false, [use])
}

const parameters = (nonce: Uint8Array, keyId: string) => ({
  name: 'AES-GCM',
  iv: ownBytes(nonce),
  additionalData: ownBytes(toUtf8(keyId)),
})

// Web Crypto's types want bytes that no other thread can change.
const ownBytes = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>
