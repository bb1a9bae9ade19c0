import { toUtf8 } from '@strongroom/crypto'
import { ByteReader } from '../envelope/byte-reader.ts'
import { Unopenable } from '../errors.ts'

/** A key as the token wrapped it, with the name of the way. */
export interface WrappedKey {
  readonly strategy: string
  /** `CKA_ID` of the wrap key; empty where a factor wrapped the key. */
  readonly wrapperId: Uint8Array
  readonly wrapped: Uint8Array
}

const MOST_FIELD_BYTES = 64

/** Three fields, each with its length (1 byte) before it: strategy, wrapper, wrapped bytes. */
export const encodeWrappedKey = ({ strategy, wrapperId, wrapped }: WrappedKey): Uint8Array =>
  Buffer.concat([toUtf8(strategy), wrapperId, wrapped].flatMap((field) => [Uint8Array.of(field.length), field]))

/** Throws `Unopenable`. */
export function decodeWrappedKey(bytes: Uint8Array): WrappedKey {
  const reader = new ByteReader(bytes)
  const strategy = reader.readText(MOST_FIELD_BYTES)
  const wrapperId = reader.readBytes(1, MOST_FIELD_BYTES)
  const wrapped = reader.readBytes(1, MOST_FIELD_BYTES)
  reader.finish()
  if (wrapped.length === 0) throw new Unopenable()
  return { strategy, wrapperId, wrapped }
}
