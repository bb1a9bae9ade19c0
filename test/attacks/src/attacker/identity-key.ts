import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { readStrkey, writeStrkey } from '@strongroom/proofs'

/** What signs for an account, or proves a password. */
export interface IdentityKey {
  /** `G…` */
  readonly id: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Plain Ed25519. */
  sign(bytes: Uint8Array): Uint8Array
}

export function newIdentityKey(): IdentityKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = rawOf(publicKey)
  return { id: writeStrkey('account', raw), publicKey: raw, sign: (bytes) => sign(null, bytes, privateKey) }
}

const rawOf = (key: KeyObject): Uint8Array => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')

export const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest()
}

export interface ToSign {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body?: string | undefined
  readonly date?: Date
  /** Told in `X-Nonce` and signed. */
  readonly nonce?: string
}

/** `compat`: the target alone, as TokenD's clients sign. `strict`: date and digest as well. */
export type Profile = 'compat' | 'strict'

/** The headers of a request signed as TokenD's are: Ed25519 over the SHA-256 of the signing string of draft-cavage. */
export function signedBy(key: IdentityKey, request: ToSign, profile: Profile = 'compat'): Record<string, string> {
  const { method, target, body = '', date = new Date(), nonce = randomBytes(8).toString('hex') } = request
  const covered: [string, string][] = [['(request-target)', `${method.toLowerCase()} ${target}`]]
  if (profile === 'strict') {
    covered.push(['date', date.toUTCString()], ['digest', digestOf(body)])
    if (nonce !== '') covered.push(['x-nonce', nonce])
  }
  return signedOver(key, covered)
}

export const digestOf = (body: string): string => `SHA-256=${sha256(body).toString('base64')}`

/** The headers that were covered, and the signature over them. */
export function signedOver(key: IdentityKey, covered: readonly (readonly [string, string])[]): Record<string, string> {
  const text = covered.map(([name, value]) => `${name}: ${value}`).join('\n')
  const signature = Buffer.from(key.sign(sha256(text))).toString('base64')
  const names = covered.map(([name]) => name).join(' ')
  const sent = covered.filter(([name]) => !name.startsWith('('))
  return {
    ...Object.fromEntries(sent),
    signature: `keyId="${key.id}",algorithm="ed25519-sha256",headers="${names}",signature="${signature}"`,
  }
}

/** TokenD's first signatures: over the target and an end, Unix seconds, within an XDR DecoratedSignature. */
export function legacySigned(
  key: IdentityKey,
  { target, until }: { readonly target: string; readonly until: number },
): Record<string, string> {
  const signature = key.sign(sha256(`{ uri: '${target}', valid_untill: '${String(until)}'}`))
  const decorated = Buffer.concat([key.publicKey.subarray(-4), Buffer.of(0, 0, 0, 64), signature])
  return {
    'x-authpublickey': key.id,
    'x-authvaliduntilltimestamp': String(until),
    'x-authsignature': decorated.toString('base64'),
  }
}

export interface Told {
  readonly text: string
  /** Base64. */
  readonly signature: string
  /** Over the text itself, and not its digest. */
  readonly plain?: true
}

/** Whether the key of that id signed it. */
export function verifyIdentity(keyId: string, { text, signature, plain }: Told): boolean {
  const raw = readStrkey('account', keyId)
  if (!raw) return false
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
  })
  return verify(null, plain ? Buffer.from(text) : sha256(text), key, Buffer.from(signature, 'base64'))
}

/** RFC 4648, without padding. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

export function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

const [STEP, alphabet] = [30, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567']

/** RFC 6238 with SHA-1, of so many steps from now. */
export function totpOf(secret: string, steps = 0): string {
  const seed = fromBase32(secret)
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP) + steps))
  const mac = createHmac('sha1', seed).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}
