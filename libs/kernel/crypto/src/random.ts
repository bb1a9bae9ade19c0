import { toHex } from './encoding.ts'

/** Gives so many fresh random bytes, from a source fit for keys. A parameter wherever it is used, so that tests can fix it. */
export type RandomSource = (bytes: number) => Uint8Array

// The Web Crypto API refuses more than this in one call.
const largestDraw = 65_536

/** The platform's own source: Web Crypto, in the browser and in Node. */
export const systemRandom: RandomSource = (bytes) => {
  const drawn = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += largestDraw)
    globalThis.crypto.getRandomValues(drawn.subarray(at, at + largestDraw))
  return drawn
}

/**
 * So many decimal digits (1 to 256), each of the ten equally likely, leading zeros kept.
 * @throws RangeError for another count; Error when the source is broken.
 */
export function randomDigits(count: number, random: RandomSource = systemRandom): string {
  if (!Number.isSafeInteger(count) || count < 1 || count > 256) throw new RangeError('1 to 256 digits')
  let digits = ''
  // A byte fails with 6 in 256: a source that fails 64 times over is stuck, and waiting for it would never end.
  for (let round = 0; round < 64; round++) {
    digits += unbiasedDigits(draw(count - digits.length, random))
    if (digits.length === count) return digits
  }
  throw new Error('the random source is stuck')
}

/** RFC 9562 section 5.4: a version 4 UUID, lower case, of 122 random bits. */
export function randomUuid(random: RandomSource = systemRandom): string {
  const bytes = Uint8Array.from(draw(16, random))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = toHex(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

// 256 is no multiple of 10: taken modulo 10 as they are, bytes would give 0 to 5 more often than 6 to 9.
function unbiasedDigits(bytes: Uint8Array): string {
  return Array.from(
    bytes.filter((byte) => byte < 250),
    (byte) => byte % 10,
  ).join('')
}

function draw(bytes: number, random: RandomSource): Uint8Array {
  const drawn = random(bytes)
  if (drawn.length !== bytes) throw new Error('the random source gave another number of bytes than asked')
  return drawn
}
