import { toUtf8 } from './encoding.ts'

export type TuplePart = string | number | Uint8Array

const LENGTH_BYTES = 4

/**
 * An unambiguous encoding of a list, for associated data and MACs: a part count (1 byte), then each part as its length
 * (4 bytes, big-endian) and its bytes. Strings are UTF-8; numbers are non-negative safe integers in decimal.
 * Two different lists of the same part types never encode alike, whatever characters the parts hold.
 */
export function encodeTuple(...parts: readonly TuplePart[]): Uint8Array {
  if (parts.length > 255) throw new RangeError('a tuple has at most 255 parts')
  const encoded = parts.map(bytesOf)
  const size = encoded.reduce((sum, bytes) => sum + LENGTH_BYTES + bytes.length, 1)
  // One allocation: this stands on the way of every envelope.
  const tuple = new Uint8Array(size)
  const view = new DataView(tuple.buffer)
  tuple[0] = parts.length
  let at = 1
  for (const bytes of encoded) {
    view.setUint32(at, bytes.length)
    tuple.set(bytes, at + LENGTH_BYTES)
    at += LENGTH_BYTES + bytes.length
  }
  return tuple
}

function bytesOf(part: TuplePart): Uint8Array {
  if (typeof part === 'string') return toUtf8(part)
  if (typeof part !== 'number') return part
  if (!Number.isSafeInteger(part) || part < 0) throw new RangeError('a number in a tuple is a non-negative integer')
  return toUtf8(String(part))
}
