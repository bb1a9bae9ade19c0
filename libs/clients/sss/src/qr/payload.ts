import { x25519 } from '@noble/curves/ed25519.js'
import { fromBase64, hkdfSha256, type RandomSource, Secret, systemRandom, toBase64, toUtf8 } from '@strongroom/crypto'
import { importAesKey, open, seal } from '../aes-gcm.ts'
import { textOf } from '../did.ts'
import { shareFromHex, shareToHex } from '../shares.ts'
import { QrError } from './error.ts'

const INFO = 'learncard-qr-login-v1'

/** X25519 (RFC 7748), made for one transfer. */
export interface KeyPair {
  readonly privateKey: Secret
  /** Base64 of 32 bytes. */
  readonly publicKey: string
}

/** What one device hands to another. */
export interface Transfer {
  readonly share: Secret
  readonly shareVersion?: number
  /** Which account it is, for the person who looks. */
  readonly accountHint?: string
}

export function makeKeyPair(random: RandomSource = systemRandom): KeyPair {
  const privateKey = random(32)
  return { privateKey: new Secret(privateKey), publicKey: toBase64(x25519.getPublicKey(privateKey)) }
}

/** LearnCard's `encryptedPayload`: JSON of base64 `ciphertext`, `iv` and the `senderPublicKey` made for it. */
export async function sealTransfer(
  { share, shareVersion, accountHint }: Transfer,
  recipient: string,
  random: RandomSource = systemRandom,
): Promise<string> {
  const { privateKey, publicKey } = makeKeyPair(random)
  const content = { d: shareToHex(share), h: accountHint, v: shareVersion }
  const key = await agree(privateKey, recipient)
  const { ciphertext, iv } = await seal(key, new Secret(JSON.stringify(content)), { random })
  return JSON.stringify({ ciphertext: toBase64(ciphertext), iv: toBase64(iv), senderPublicKey: publicKey })
}

/** @throws QrError */
export async function openTransfer(payload: string, privateKey: Secret): Promise<Transfer> {
  const { ciphertext, iv, senderPublicKey } = recordOf(payload)
  if (typeof senderPublicKey !== 'string') throw new QrError('payload-malformed')
  const key = await agree(privateKey, senderPublicKey)
  const plain = await open(key, { ciphertext: bytes(ciphertext), iv: bytes(iv) })
  if (!plain) throw new QrError('payload-malformed')
  const { d, h, v } = recordOf(textOf(plain))
  if (typeof d !== 'string' || !/^[0-9a-f]{66}$/i.test(d)) throw new QrError('payload-malformed')
  const known = Number.isSafeInteger(v) && (v as number) > 0
  return {
    share: shareFromHex(d),
    ...(known && { shareVersion: v as number }),
    ...(typeof h === 'string' && { accountHint: h }),
  }
}

async function agree(privateKey: Secret, publicKey: string) {
  const shared = agreeOnSecret(privateKey, publicKey)
  return importAesKey(hkdfSha256(shared, { salt: new Uint8Array(32), info: toUtf8(INFO), length: 32 }))
}

// A key of small order would make a secret that everybody knows: the library refuses what comes to zeros.
function agreeOnSecret(privateKey: Secret, publicKey: string): Secret {
  try {
    return new Secret(x25519.getSharedSecret(privateKey.expose(), fromBase64(publicKey)))
  } catch {
    throw new QrError('bad-key')
  }
}

function recordOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(json) ?? {}) as Readonly<Record<string, unknown>>
  } catch {
    throw new QrError('payload-malformed')
  }
}

function bytes(text: unknown): Uint8Array {
  try {
    return fromBase64(text as string)
  } catch {
    throw new QrError('payload-malformed')
  }
}
