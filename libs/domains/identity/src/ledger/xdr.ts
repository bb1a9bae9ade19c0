import { fromUtf8, toUtf8 } from '@strongroom/crypto'

/** What was wrong with an envelope, at the first place where something was. */
export const faultReasons = [
  'not-base64',
  'too-long',
  'truncated',
  'trailing-bytes',
  'padding-not-zero',
  'boolean-unknown',
  'case-unknown',
  'extension-unknown',
  'key-type-unknown',
  'operation-unknown',
  'too-many-operations',
  'too-many-signatures',
  'signature-length',
  'text-too-long',
  'text-not-utf8',
  'signatures-ambiguous',
  'signed-already',
] as const

export type FaultReason = (typeof faultReasons)[number]

/** The bytes are not what was expected of them. */
export class XdrFault extends Error {
  override readonly name = 'XdrFault'
  readonly reason: FaultReason

  constructor(reason: FaultReason) {
    super(reason)
    this.reason = reason
  }
}

const UNIT = 4
const paddingOf = (length: number): number => (UNIT - (length % UNIT)) % UNIT

/** RFC 4506, from its beginning; every read that does not fit throws an `XdrFault`. */
export class XdrReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** How far it has read. */
  get at(): number {
    return this.#at
  }

  u32(): number {
    return this.#view.getUint32(this.#step(UNIT))
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#step(2 * UNIT))
  }

  /** Opaque data of a known length, without its padding, which must be zero: else one value had many encodings. */
  opaque(length: number): Uint8Array {
    const at = this.#step(length)
    const padding = this.#step(paddingOf(length))
    if (this.#bytes.subarray(padding, this.#at).some((byte) => byte !== 0)) throw new XdrFault('padding-not-zero')
    return this.#bytes.slice(at, at + length)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new XdrFault('trailing-bytes')
  }

  #step(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw new XdrFault('truncated')
    this.#at = at + length
    return at
  }
}

export class XdrWriter {
  readonly #parts: Uint8Array[] = []

  u32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError('no unsigned 32-bit integer')
    const part = new Uint8Array(UNIT)
    new DataView(part.buffer).setUint32(0, value)
    this.#parts.push(part)
  }

  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw new RangeError('no unsigned 64-bit integer')
    const part = new Uint8Array(2 * UNIT)
    new DataView(part.buffer).setBigUint64(0, value)
    this.#parts.push(part)
  }

  opaque(bytes: Uint8Array): void {
    this.#parts.push(bytes, new Uint8Array(paddingOf(bytes.length)))
  }

  bytes(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#parts))
  }
}

/** How a value is read and written: said once, so that the two cannot part. */
export interface Codec<Value> {
  read(from: XdrReader): Value
  write(value: Value, to: XdrWriter): void
}

export function encode<Value>(codec: Codec<Value>, value: Value): Uint8Array {
  const writer = new XdrWriter()
  codec.write(value, writer)
  return writer.bytes()
}

/** The whole of the bytes. @throws XdrFault */
export function decode<Value>(codec: Codec<Value>, bytes: Uint8Array): Value {
  const reader = new XdrReader(bytes)
  const value = codec.read(reader)
  reader.end()
  return value
}

/** `string<most>`: UTF-8, told from what is none, so that two texts never become one. */
export function readText(from: XdrReader, most: number): string {
  const length = from.u32()
  if (length > most) throw new XdrFault('text-too-long')
  const bytes = from.opaque(length)
  try {
    return fromUtf8(bytes)
  } catch {
    throw new XdrFault('text-not-utf8')
  }
}

export function writeText(text: string, most: number, to: XdrWriter): void {
  const bytes = toUtf8(text)
  if (bytes.length > most) throw new RangeError('a text is too long')
  to.u32(bytes.length)
  to.opaque(bytes)
}
