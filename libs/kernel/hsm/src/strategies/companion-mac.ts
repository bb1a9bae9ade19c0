import { createHmac } from 'node:crypto'
import { encodeTuple, equalBytes, type TuplePart } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import type { MacHash } from './shapes.ts'
import type { KeyHandles } from './strategy.ts'

const macs = {
  sha512: { mechanism: CKM.sha512Hmac, bytes: 64 },
  sha256: { mechanism: CKM.sha256Hmac, bytes: 32 },
} as const

export const macMechanism = (hash: MacHash): number => macs[hash].mechanism

/** What is closed and by what it is bound; each part with its length. The first names the strategy. */
export type Closed = readonly [string, ...TuplePart[]]

/** The bytes, and the token's HMAC over the whole: encrypt, then MAC. */
export function sealWithMac(session: Session, keys: KeyHandles, what: { hash: MacHash; closed: Closed }): Uint8Array {
  const { mechanism, bytes } = macs[what.hash]
  const tag = session.sign(mechanism, macKeyOf(keys), encodeTuple(...what.closed))
  if (tag.length !== bytes) throw new DeviceError('a MAC of another length', 0, 'C_Sign')
  return tag
}

/** The MAC cut off, compared in constant time. Throws `Unopenable`: nothing is decrypted that was not made here. */
export function verifyMac(
  session: Session,
  keys: KeyHandles,
  what: { hash: MacHash; closed: Closed; tag: Uint8Array },
): void {
  if (!equalBytes(sealWithMac(session, keys, what), what.tag)) throw new Unopenable()
}

/** What was closed and its tag. Throws `Unopenable` where there is less. */
export function splitTag(sealed: Uint8Array, hash: MacHash): { closed: Uint8Array; tag: Uint8Array } {
  const end = sealed.length - macs[hash].bytes
  if (end < 0) throw new Unopenable()
  return { closed: sealed.subarray(0, end), tag: sealed.subarray(end) }
}

/** For proofs, with a key of known value. */
export const macInProcess = (key: Uint8Array, { hash, closed }: { hash: MacHash; closed: Closed }): Uint8Array =>
  createHmac(hash, key)
    .update(encodeTuple(...closed))
    .digest()

function macKeyOf({ mac }: KeyHandles): NonNullable<KeyHandles['mac']> {
  if (mac === undefined) throw new DeviceError('a key without its companion', 0, 'C_SignInit')
  return mac
}
