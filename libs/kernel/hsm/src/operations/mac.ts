import { HsmRefusal, Unopenable } from '../errors.ts'
import type { TokenKey } from '../keys/token-key.ts'
import type { VersionedMac } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { OperationContext } from './operation.ts'

/** The MAC key of locked keys. `mac` refuses it: who could MAC under it could make verifiers at will. */
export const LOCK_USE = 'lock'

export interface MacRequest {
  readonly use: string
  readonly message: Uint8Array
}

export function mac(context: OperationContext, { use, message }: MacRequest): Uint8Array {
  refuseLockUse(use)
  return macBy(context, context.keys.current('mac', use), message)
}

/** By each version that is there, the newest first: what was written by an older one, or by a replica that is ahead, is found. */
export function macs(context: OperationContext, { use, message }: MacRequest): readonly VersionedMac[] {
  refuseLockUse(use)
  const versions = context.keys.versions('mac', use)
  const current = context.keys.current('mac', use)
  return versions.map((key) => ({
    version: key.record.version,
    isCurrent: key.record.version === current.record.version,
    mac: macBy(context, key, message),
  }))
}

/** Of locks: the newest version, or the one that locked. Throws `Unopenable` where that is not there. */
export function lockKeyOf({ keys }: OperationContext, version: number | undefined): TokenKey {
  if (version === undefined) return keys.current('mac', LOCK_USE)
  const found = keys.versions('mac', LOCK_USE).find(({ record }) => record.version === version)
  if (found === undefined) throw new Unopenable()
  return found
}

/** HMAC-SHA-512, RFC 2104: 64 bytes. */
export const macBy = ({ session }: OperationContext, { working }: TokenKey, message: Uint8Array): Uint8Array =>
  session.sign(CKM.sha512Hmac, working, message)

function refuseLockUse(use: string): void {
  if (use === LOCK_USE) throw new HsmRefusal('key-undeclared', `the use "${LOCK_USE}" serves locked keys alone`)
}
