import { Unopenable } from '../errors.ts'

const HEAD_BYTES = 3
const VERSION_BYTES = 4

/**
 * The ids of the keys that an envelope names, as views of it: who is asked to open it is decided for every call, and the
 * rest is read by who opens it. Throws `Unopenable` for what ends too early.
 */
export function readKeyIds(envelope: Uint8Array): readonly Uint8Array[] {
  const ids: Uint8Array[] = []
  let at = HEAD_BYTES
  for (let left = byteAt(envelope, HEAD_BYTES - 1); left > 0; left--) {
    const idEnd = at + 1 + byteAt(envelope, at)
    ids.push(envelope.subarray(at + 1, idEnd))
    const sealedAt = idEnd + VERSION_BYTES + 1 + byteAt(envelope, idEnd + VERSION_BYTES)
    at = sealedAt + 2 + byteAt(envelope, sealedAt) * 256 + byteAt(envelope, sealedAt + 1)
  }
  if (at > envelope.length) throw new Unopenable()
  return ids
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Unopenable()
  return byte
}
