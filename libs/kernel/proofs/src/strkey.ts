import { base32 } from '@scure/base'

/** What a key in this form may be: an account's Ed25519 public key (`G…`), or the seed of one (`S…`). */
export type StrkeyKind = 'account' | 'seed'

const versions: Readonly<Record<StrkeyKind, number>> = { account: 6 << 3, seed: 18 << 3 }
const KEY_BYTES = 32

/**
 * Stellar's SEP-23, as TokenD has it: base32 of version, 32 bytes and checksum. `undefined` for another kind, length or
 * case, and for a wrong checksum: 35 bytes are 56 letters with no bit left over, so each key has one text.
 */
export function readStrkey(kind: StrkeyKind, text: string): Uint8Array | undefined {
  if (!/^[A-Z2-7]{56}$/.test(text)) return undefined
  const bytes = base32.decode(text)
  const [versioned, checksum] = [bytes.subarray(0, 1 + KEY_BYTES), bytes.subarray(1 + KEY_BYTES)]
  const sum = crc16(versioned)
  const fits = versioned[0] === versions[kind] && checksum[0] === (sum & 0xff) && checksum[1] === sum >> 8
  return fits ? versioned.slice(1) : undefined
}

/** @throws RangeError where the key has not 32 bytes. */
export function writeStrkey(kind: StrkeyKind, key: Uint8Array): string {
  if (key.length !== KEY_BYTES) throw new RangeError('a key has 32 bytes')
  const versioned = Uint8Array.of(versions[kind], ...key)
  const sum = crc16(versioned)
  return base32.encode(Uint8Array.of(...versioned, sum & 0xff, sum >> 8))
}

/** CRC-16/XMODEM: polynomial 0x1021, nothing reflected, from 0. */
function crc16(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 8
    for (let bit = 0; bit < 8; bit++) sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return sum
}
