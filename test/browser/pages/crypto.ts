import {
  canonicalJson,
  fromHex,
  hkdfSha256,
  hmacSha256,
  Secret,
  scrypt,
  sha256,
  sha512,
  type SignedMessage,
  systemRandom,
  toHex,
  toUtf8,
  verifyEd25519,
  verifyP256,
  verifySecp256k1,
} from '@strongroom/crypto'

// In the page and in Node alike: a test calls these on both sides.

export const canonical = (json: string): string => toHex(canonicalJson(JSON.parse(json)))

export const digests = (message: Uint8Array) => ({
  sha256: toHex(sha256(message)),
  sha512: toHex(sha512(message)),
  hmacSha256: toHex(hmacSha256(toUtf8('key'), message)),
})

export async function derive(password: string) {
  const hkdf = hkdfSha256(new Secret(toUtf8(password)), { salt: toUtf8('salt'), info: toUtf8('info'), length: 64 })
  const stretched = await scrypt(new Secret(toUtf8(password)), toUtf8('salt'), {
    cost: 1024,
    blockSize: 8,
    parallelization: 1,
    length: 32,
  })
  return { hkdf: toHex(hkdf.expose()), scrypt: toHex(stretched.expose()) }
}

const curves = { 'P-256': verifyP256, secp256k1: verifySecp256k1, Ed25519: verifyEd25519 }

export const verify = (curve: keyof typeof curves, signed: SignedMessage): boolean => curves[curve](signed)

export const printSecret = (): string[] => {
  const secret = new Secret(fromHex('deadbeef'))
  return [String(secret), JSON.stringify({ secret }), Object.values(secret).join()]
}

export const draw = (bytes: number): Uint8Array => systemRandom(bytes)

/** Signed by the platform, not by us. */
export async function signP256(message: Uint8Array<ArrayBuffer>): Promise<SignedMessage> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign'])
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, message))
  return { message, signature, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)) }
}
