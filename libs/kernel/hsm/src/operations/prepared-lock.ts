import { equalBytes } from '@strongroom/crypto'
import { decodeLockVersion, encodeLockVersion } from '../envelope/lock-version.ts'
import { HsmRefusal, Unopenable } from '../errors.ts'
import type { Binding, LockedKey, PreparedLock } from '../keystore.ts'
import { HALF_BYTES, type Lock, type LockHalves, lockHalves } from './lock-halves.ts'
import { lockBytesWithHalves } from './locked-key.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealBeside } from './payload.ts'

const KEY_BYTES = 32

/** Both halves are sealed, so that a verifier of another factor cannot be put beside the envelope. */
export function prepareLock(context: OperationContext, { lock }: { lock: Lock }): PreparedLock {
  const { verifier, factorKey, version } = lockHalves(context, { lock })
  const place = placeOf(context, 'prepared-lock', lock.binding)
  const payload = Buffer.concat([verifier, factorKey])
  try {
    return { verifier, envelope: sealBeside(context, place, { payload, body: encodeLockVersion(version) }) }
  } finally {
    factorKey.fill(0)
    payload.fill(0)
  }
}

export interface LockRecoveredRequest {
  readonly key: Uint8Array
  readonly binding: Binding
  readonly prepared: PreparedLock
}

export function lockRecoveredKey(
  context: OperationContext,
  { key, binding, prepared }: LockRecoveredRequest,
): LockedKey {
  if (key.length !== KEY_BYTES) {
    throw new HsmRefusal('input-refused', `a recovered key has ${KEY_BYTES} bytes, not ${key.length}`)
  }
  return withPreparedHalves(context, { binding, prepared }, (halves) =>
    lockBytesWithHalves(context, { binding, halves }, key),
  )
}

function withPreparedHalves<T>(
  context: OperationContext,
  { binding, prepared }: Omit<LockRecoveredRequest, 'key'>,
  body: (halves: LockHalves) => T,
): T {
  const { kind, recipients, body: version } = readEnvelope(prepared.envelope, 'prepared-lock')
  const payload = openPayload(context, placeOf(context, kind, binding), recipients)
  try {
    const [verifier, factorKey] = [payload.slice(0, HALF_BYTES), payload.subarray(HALF_BYTES)]
    if (factorKey.length !== HALF_BYTES || !equalBytes(verifier, prepared.verifier)) throw new Unopenable()
    return body({ verifier, factorKey, version: decodeLockVersion(version) })
  } finally {
    payload.fill(0)
  }
}
