import { EncodingError, fromUtf8, Secret } from '@strongroom/crypto'
import { base32nopad } from '@scure/base'

// Strkey, the text of a Stellar key: base32 of a version byte, 32 bytes, and a CRC16-XModem of both, low byte first.
const versions = { account: 0x30, seed: 0x90 } as const
type Kind = keyof typeof versions

const KEY = 32

/** `G…`, 56 characters: an Ed25519 public key of 32 bytes, which is an account's id or a signer's. */
export const toAccountId = (publicKey: Uint8Array): string => encode('account', publicKey)

/** @throws EncodingError for another kind of key, a wrong checksum, another spelling. */
export const fromAccountId = (text: string): Uint8Array => decode('account', text)

export const isAccountId = (text: unknown): text is string => {
  if (typeof text !== 'string') return false
  try {
    return fromAccountId(text).length === KEY
  } catch {
    return false
  }
}

/** `S…`, 56 characters: an Ed25519 seed (RFC 8032) of 32 bytes. */
export const toSeedText = (seed: Secret): Secret => new Secret(encode('seed', seed.expose()))

/** @throws EncodingError, which does not repeat the text. */
export const fromSeedText = (text: Secret): Secret => new Secret(decode('seed', fromUtf8(text.expose())))

function encode(kind: Kind, key: Uint8Array): string {
  if (key.length !== KEY) throw new TypeError(`the ${kind} key is not 32 bytes`)
  const body = Uint8Array.of(versions[kind], ...key)
  return base32nopad.encode(Uint8Array.of(...body, ...checksum(body)))
}

function decode(kind: Kind, text: string): Uint8Array {
  const bytes = bytesOf(text)
  const body = bytes.subarray(0, 1 + KEY)
  const [low, high] = checksum(body)
  const isWhole = bytes.length === KEY + 3 && bytes[0] === versions[kind]
  if (!isWhole || bytes[KEY + 1] !== low || bytes[KEY + 2] !== high) throw new EncodingError('strkey')
  return body.slice(1)
}

function bytesOf(text: string): Uint8Array {
  try {
    return base32nopad.decode(text)
  } catch {
    throw new EncodingError('strkey')
  }
}

function checksum(bytes: Uint8Array): readonly [low: number, high: number] {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return [crc & 0xff, crc >> 8]
}
