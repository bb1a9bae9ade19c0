import { toUtf8 } from '@strongroom/crypto'
import { ByteReader } from '../envelope/byte-reader.ts'
import { encodeNumber, framed } from '../envelope/codec.ts'
import { Unopenable } from '../errors.ts'

/** A key as the token wrapped it, with the name of the way. */
export interface WrappedKey {
  readonly strategy: string
  /** `CKA_ID` of the wrap key; empty where a factor wrapped the key. */
  readonly wrapperId: Uint8Array
  readonly wrapped: Uint8Array
}

const MOST_FIELD_BYTES = 64
/** RSA of 16384 bits. */
const MOST_WRAPPED_BYTES = 2048
/** In the place of a length: two bytes of length follow. */
const LONG = 0xff

/** Three fields, each with its length before it: strategy, wrapper (1 byte), wrapped bytes (1 byte, or 255 and 2 bytes from 255 on). */
export const encodeWrappedKey = ({ strategy, wrapperId, wrapped }: WrappedKey): Uint8Array =>
  Buffer.concat([framed(1, toUtf8(strategy)), framed(1, wrapperId), lengthOf(wrapped), wrapped])

const lengthOf = ({ length }: Uint8Array): Uint8Array =>
  length < LONG ? encodeNumber(1, length) : Buffer.concat([Uint8Array.of(LONG), encodeNumber(2, length)])

/** Throws `Unopenable`. */
export const decodeWrappedKey = (bytes: Uint8Array): WrappedKey => readWrappedKey(new ByteReader(bytes))

/** What is left, which is the whole of a wrapped key. Throws `Unopenable`. */
export function readWrappedKey(reader: ByteReader): WrappedKey {
  const strategy = reader.readText(MOST_FIELD_BYTES)
  const wrapperId = reader.readBytes(1, MOST_FIELD_BYTES)
  const wrapped = readWrapped(reader)
  reader.finish()
  if (wrapped.length === 0) throw new Unopenable()
  return { strategy, wrapperId, wrapped }
}

function readWrapped(reader: ByteReader): Uint8Array {
  const short = reader.readNumber(1)
  if (short !== LONG) return reader.take(short)
  const long = reader.readNumber(2)
  // One key has one encoding.
  if (long < LONG || long > MOST_WRAPPED_BYTES) throw new Unopenable()
  return reader.take(long)
}
