import { type RandomSource, toHex } from '@strongroom/crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LETTERS = 26

/** A ULID: 48 bits of milliseconds and 80 of randomness, in Crockford's base 32. */
export function newUlid(at: Date, random: RandomSource): string {
  let rest = (BigInt(at.getTime()) << 80n) | BigInt(`0x${toHex(random(10))}`)
  let text = ''
  for (let letter = 0; letter < LETTERS; letter++) {
    text = `${alphabet[Number(rest & 31n)] ?? ''}${text}`
    rest >>= 5n
  }
  return text
}
