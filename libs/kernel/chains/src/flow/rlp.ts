/** What RLP knows: bytes, and lists of what RLP knows. */
export type Rlp = Uint8Array | readonly Rlp[]

/** A number as RLP has it: big-endian, without leading zeros, so that nothing is empty. */
export function rlpNumber(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('RLP has no such number')
  const digits = value === 0 ? '' : value.toString(16)
  return Uint8Array.from(Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'))
}

/** Ethereum yellow paper, appendix B. */
export function encodeRlp(item: Rlp): Uint8Array {
  if (!(item instanceof Uint8Array)) {
    const body = Buffer.concat(item.map(encodeRlp))
    return Buffer.concat([head(0xc0, body.length), body])
  }
  const isItsOwnHead = item.length === 1 && (item[0] ?? 0) < 0x80
  return isItsOwnHead ? Uint8Array.from(item) : Buffer.concat([head(0x80, item.length), item])
}

const SHORT = 55

function head(base: number, length: number): Uint8Array {
  if (length <= SHORT) return Uint8Array.of(base + length)
  const size = rlpNumber(length)
  return Uint8Array.of(base + SHORT + size.length, ...size)
}

/** Flow nests three deep: a list of signatures in an envelope. Deeper is none of its messages. */
const DEEPEST = 4

/** The one item that these bytes are; `undefined` where they are none, another encoding of one, or more. */
export function decodeRlp(given: Uint8Array): Rlp | undefined {
  const bytes = Uint8Array.from(given)
  try {
    const { item, end } = read(bytes, 0, DEEPEST)
    // Whatever is not canonical encodes to other bytes: what is signed must be what was looked at.
    return end === bytes.length && Buffer.compare(encodeRlp(item), bytes) === 0 ? item : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function read(bytes: Uint8Array, at: number, depth: number): { item: Rlp; end: number } {
  const first = byteAt(bytes, at)
  if (first < 0x80) return { item: bytes.slice(at, at + 1), end: at + 1 }
  const isList = first >= 0xc0
  const { start, end } = extent(bytes, at, first - (isList ? 0xc0 : 0x80))
  if (!isList) return { item: bytes.slice(start, end), end }
  if (depth === 0) throw new RangeError('too deep')
  const items: Rlp[] = []
  for (let next = start; next < end;) {
    const one = read(bytes.subarray(0, end), next, depth - 1)
    items.push(one.item)
    next = one.end
  }
  return { item: items, end }
}

function extent(bytes: Uint8Array, at: number, size: number): { start: number; end: number } {
  const digits = Math.max(0, size - SHORT)
  // Four bytes say more than any message of ours has.
  if (digits > 4) throw new RangeError('too long')
  const start = at + 1 + digits
  let length = digits === 0 ? size : 0
  for (let index = at + 1; index < start; index++) length = length * 256 + byteAt(bytes, index)
  if (start + length > bytes.length) throw new RangeError('cut short')
  return { start, end: start + length }
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('cut short')
  return byte
}
