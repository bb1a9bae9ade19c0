/** What crosses between the processes: plain data, without classes, dates or cycles. */
export type WireValue = undefined | boolean | number | string | Uint8Array | readonly WireValue[] | WireObject
export interface WireObject {
  readonly [name: string]: WireValue
}

const tags = { nothing: 0, no: 1, yes: 2, number: 3, text: 4, bytes: 5, list: 6, object: 7 } as const
const LENGTH_BYTES = 4

/** The other side does not speak our language: it is not trusted with another call. */
export class MalformedValue extends Error {
  override readonly name = 'MalformedValue'

  constructor() {
    super('a value between the processes is malformed')
  }
}

/**
 * One tag byte, then: 8 bytes of a number, a length (4 bytes, big-endian) and the bytes of a text or byte string, a count
 * and the items of a list, a count and the names and values of an object. `head` bytes are left free before it. The
 * buffer is nobody else's and of the very size: what is wiped is wiped, and growing left no copy behind.
 */
export function encodeValue(value: WireValue, head = 0): Buffer {
  const buffer = Buffer.allocUnsafeSlow(head + sizeOf(value))
  write(buffer, head, value)
  return buffer
}

/** Byte strings are copies. Throws `MalformedValue`. */
export function decodeValue(bytes: Buffer): WireValue {
  const reader = new Reader(bytes)
  const value = reader.read()
  if (!reader.isAtEnd) throw new MalformedValue()
  return value
}

/** Fills every byte string in the value with zeros. */
export function wipeValue(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0)
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) wipeValue(part)
}

function sizeOf(value: WireValue): number {
  if (value === undefined || typeof value === 'boolean') return 1
  if (typeof value === 'number') return 9
  if (typeof value === 'string') return 1 + LENGTH_BYTES + Buffer.byteLength(value)
  if (value instanceof Uint8Array) return 1 + LENGTH_BYTES + value.length
  if (isList(value)) return value.reduce<number>((size, item) => size + sizeOf(item), 1 + LENGTH_BYTES)
  let size = 1 + LENGTH_BYTES
  for (const name in value) size += LENGTH_BYTES + Buffer.byteLength(name) + sizeOf(value[name])
  return size
}

/** Answers where the next one goes. */
function write(buffer: Buffer, at: number, value: WireValue): number {
  if (value === undefined) return buffer.writeUInt8(tags.nothing, at)
  if (typeof value === 'boolean') return buffer.writeUInt8(value ? tags.yes : tags.no, at)
  if (typeof value === 'number') return buffer.writeDoubleBE(value, buffer.writeUInt8(tags.number, at))
  if (typeof value === 'string') return writeText(buffer, buffer.writeUInt8(tags.text, at), value)
  if (value instanceof Uint8Array) {
    const start = buffer.writeUInt32BE(value.length, buffer.writeUInt8(tags.bytes, at))
    buffer.set(value, start)
    return start + value.length
  }
  if (isList(value)) {
    const start = buffer.writeUInt32BE(value.length, buffer.writeUInt8(tags.list, at))
    return value.reduce<number>((next, item) => write(buffer, next, item), start)
  }
  const names = Object.keys(value)
  let next = buffer.writeUInt32BE(names.length, buffer.writeUInt8(tags.object, at))
  for (const name of names) next = write(buffer, writeText(buffer, next, name), value[name])
  return next
}

function writeText(buffer: Buffer, at: number, text: string): number {
  const start = at + LENGTH_BYTES
  const length = buffer.write(text, start)
  buffer.writeUInt32BE(length, at)
  return start + length
}

const isList = (value: readonly WireValue[] | WireObject): value is readonly WireValue[] => Array.isArray(value)

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  read(): WireValue {
    switch (this.#bytes.readUInt8(this.#take(1))) {
      case tags.nothing:
        return undefined
      case tags.no:
        return false
      case tags.yes:
        return true
      case tags.number:
        return this.#bytes.readDoubleBE(this.#take(8))
      case tags.text:
        return this.#text()
      case tags.bytes: {
        const length = this.#length()
        const start = this.#take(length)
        return new Uint8Array(this.#bytes.subarray(start, start + length))
      }
      case tags.list:
        return Array.from({ length: this.#length() }, () => this.read())
      case tags.object: {
        const count = this.#length()
        // Not by assignment, which of the name `__proto__` would make the object’s prototype.
        return Object.fromEntries(Array.from({ length: count }, () => [this.#text(), this.read()]))
      }
      default:
        throw new MalformedValue()
    }
  }

  #text(): string {
    const length = this.#length()
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** Never more than there is: a count of items is at most a count of bytes. */
  #length(): number {
    const length = this.#bytes.readUInt32BE(this.#take(LENGTH_BYTES))
    if (length > this.#bytes.length - this.#at) throw new MalformedValue()
    return length
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw new MalformedValue()
    this.#at = start + length
    return start
  }
}
