import { concatBytes } from '@noble/hashes/utils.js'
import { toUtf8 } from './encoding.ts'

export type TuplePart = string | number | Uint8Array

/**
 * An unambiguous encoding of a list, for associated data and MACs: a part count (1 byte), then each part as its length
 * (4 bytes, big-endian) and its bytes. Strings are UTF-8; numbers are non-negative safe integers in decimal.
 * Two different lists of the same part types never encode alike, whatever characters the parts hold.
 * @throws RangeError for more than 255 parts or another number; EncodingError for a string with a lone surrogate.
 */
export function encodeTuple(...parts: readonly TuplePart[]): Uint8Array {
  if (parts.length > 255) throw new RangeError('a tuple has at most 255 parts')
  return concatBytes(Uint8Array.of(parts.length), ...parts.flatMap((part) => framed(bytesOf(part))))
}

function bytesOf(part: TuplePart): Uint8Array {
  if (typeof part === 'string') return toUtf8(part)
  if (typeof part !== 'number') return part
  if (!Number.isSafeInteger(part) || part < 0) throw new RangeError('a number in a tuple is a non-negative integer')
  return toUtf8(String(part))
}

function framed(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return [length, bytes]
}
