import { fromBase64, fromUtf8, type RandomSource, Secret, systemRandom, toBase64, toUtf8 } from '@strongroom/crypto'
import { fromSeedText, isAccountId, toSeedText } from './strkey.ts'

/** What a wallet keeps encrypted on the server. */
export interface Keychain {
  /** `G…`; wallets of TokenD's oldest and Kotlin clients do not say. */
  readonly accountId?: string | undefined
  /** Ed25519 seeds of 32 bytes, the one that signs first; there is always one. */
  readonly seeds: readonly [Secret, ...Secret[]]
}

const IV = 12

/**
 * TokenD's `keychain_data`: base64 of the JSON `{IV, cipherText, cipherName, modeName}`, AES-256-GCM with its tag behind
 * the ciphertext and no associated data.
 * @param walletKey 32 bytes.
 */
export async function sealKeychain(
  walletKey: Secret,
  { accountId, seeds }: Keychain,
  random: RandomSource = systemRandom,
): Promise<string> {
  const iv = random(IV)
  const plain = toUtf8(JSON.stringify({ accountId, seeds: seeds.map((seed) => fromUtf8(toSeedText(seed).expose())) }))
  const key = await importKey(walletKey, 'encrypt')
  const cipherText = await globalThis.crypto.subtle.encrypt({ name: 'AES-GCM', iv: ownBytes(iv) }, key, ownBytes(plain))
  const sealed = {
    IV: toBase64(iv),
    cipherText: toBase64(new Uint8Array(cipherText)),
    cipherName: 'aes',
    modeName: 'gcm',
  }
  return toBase64(toUtf8(JSON.stringify(sealed)))
}

/** `undefined`: another key or form, or changed; which, nobody can tell. IVs are of any length: TokenD's JavaScript makes 96 bytes. */
export async function openKeychain(walletKey: Secret, keychainData: string): Promise<Keychain | undefined> {
  const key = await importKey(walletKey, 'decrypt')
  try {
    const { IV: iv, cipherText, cipherName, modeName } = parse(fromBase64(keychainData))
    if (cipherName !== 'aes' || modeName !== 'gcm') return undefined
    const parameters = { name: 'AES-GCM', iv: ownBytes(fromBase64(iv as string)) }
    const text = ownBytes(fromBase64(cipherText as string))
    return read(parse(new Uint8Array(await globalThis.crypto.subtle.decrypt(parameters, key, text))))
  } catch {
    return undefined
  }
}

/** `{accountId, seeds}`, and what other clients wrote: `{seed, seeds}`, where `seed` signs, and `{seed}`. */
function read({ accountId, seed, seeds }: Fields): Keychain | undefined {
  const texts = [seed, ...(Array.isArray(seeds) ? (seeds as unknown[]) : [])].filter((one) => typeof one === 'string')
  const [first, ...others] = [...new Set(texts)].map((text) => fromSeedText(new Secret(text)))
  if (!first) return undefined
  return { ...(isAccountId(accountId) && { accountId }), seeds: [first, ...others] }
}

type Fields = Readonly<Record<string, unknown>>

const parse = (bytes: Uint8Array): Fields => JSON.parse(fromUtf8(bytes)) as Fields

function importKey(walletKey: Secret, use: 'encrypt' | 'decrypt') {
  // AES takes 16 bytes as well, and would be another cipher without a word.
  if (walletKey.length !== 32) throw new TypeError('walletKey is not 32 bytes')
  return globalThis.crypto.subtle.importKey('raw', ownBytes(walletKey.expose()), 'AES-GCM', false, [use])
}

// Web Crypto's types want bytes that no other thread can change.
const ownBytes = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>
