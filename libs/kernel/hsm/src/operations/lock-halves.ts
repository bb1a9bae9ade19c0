import { encodeTuple } from '@strongroom/crypto'
import { bindingParts } from '../envelope/associated-data.ts'
import type { Binding } from '../keystore.ts'
import { LOCK_USE, lockKeyOf, macBy } from './mac.ts'
import type { OperationContext } from './operation.ts'

export const HALF_BYTES = 32

/** A factor, such as a PIN, and the row whose key it locks. */
export interface Lock {
  readonly binding: Binding
  readonly factor: Uint8Array
}

/** The two halves of the token's MAC of binding and factor. */
export interface LockHalves {
  readonly verifier: Uint8Array
  /** Wraps the key; wiped as soon as the token has it. */
  readonly factorKey: Uint8Array
  /** Of the MAC key. */
  readonly version: number
}

export interface HalvesRequest {
  readonly lock: Lock
  /** That of the key which locked; the newest for what is to be locked. */
  readonly version?: number | undefined
}

/**
 * One device call, whatever the factor: HMAC-SHA-512 under the MAC key of use `lock`. Without that key neither half can
 * be computed, so a dump of the database allows no offline guess of even a four-digit PIN.
 */
export function lockHalves(context: OperationContext, { lock, version }: HalvesRequest): LockHalves {
  const { binding, factor } = lock
  const key = lockKeyOf(context, version)
  const message = encodeTuple(LOCK_USE, ...bindingParts({ tenant: context.tenant, binding }), factor)
  try {
    const digest = macBy(context, key, message)
    return {
      verifier: digest.slice(0, HALF_BYTES),
      factorKey: digest.subarray(HALF_BYTES),
      version: key.record.version,
    }
  } finally {
    message.fill(0)
  }
}
