import { Unopenable } from '../errors.ts'
import { decodeEnvelope, encodeNumber } from './codec.ts'

const VERSION_BYTES = 4
const FIRST = new Uint8Array()

/**
 * What the body of a lock says: which version of the MAC key locked it. No secret, and nothing vouches for it: a number that
 * was altered leads to another MAC, which fits nothing. Locks of before there were versions have no body, and were made by the first.
 */
export const encodeLockVersion = (version: number): Uint8Array =>
  version === 1 ? FIRST : encodeNumber(VERSION_BYTES, version)

/** Throws `Unopenable` for what `encodeLockVersion` would not have written. */
export function decodeLockVersion(body: Uint8Array): number {
  if (body.length === 0) return 1
  const version = body.length === VERSION_BYTES ? Buffer.from(body).readUInt32BE() : 0
  if (version < 2) throw new Unopenable()
  return version
}

/** Which version of the lock's MAC key an envelope needs; `undefined` of one that is no lock. Throws `Unopenable` for what is no envelope. */
export function lockVersionOf(envelope: Uint8Array): number | undefined {
  const { kind, body } = decodeEnvelope(envelope)
  return kind === 'locked-key' || kind === 'prepared-lock' ? decodeLockVersion(body) : undefined
}

/** The same where anything may stand: of what is no lock, `undefined`. */
export function lockVersionIn(envelope: Uint8Array): number | undefined {
  try {
    return lockVersionOf(envelope)
  } catch (error) {
    if (error instanceof Unopenable) return undefined
    throw error
  }
}
