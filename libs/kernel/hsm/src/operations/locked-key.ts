import { encodeLockVersion } from '../envelope/lock-version.ts'
import { Unopenable } from '../errors.ts'
import { generateWrappableKey, importAesKey, readableKey, rewrappableKey, useAndDestroy } from '../keys/session-keys.ts'
import type { Binding, LockedKey } from '../keystore.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { type LockableKey, withFactorUnwrapped, wrapUnderFactor } from './lockable-key.ts'
import { type Lock, type LockHalves, lockHalves } from './lock-halves.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealBeside } from './payload.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

const KEY_BYTES = 32

/** Of a lock whose factor was compared and fits. */
export interface UnlockRequest {
  readonly binding: Binding
  readonly envelope: Uint8Array
  readonly factorKey: Uint8Array
}

/** Generated inside the token where it stays there until it is wrapped; else drawn from its randomness. */
export function issueLockedKey(context: OperationContext, { lock }: { lock: Lock }): LockedKey {
  const { session, capabilities } = context
  if (capabilities.importedWrap() !== undefined)
    return useAndDestroy(session, (own) => lockKey(context, lock, own(generateWrappableKey(session))))
  const bytes = session.drawRandom(KEY_BYTES)
  try {
    return lockKey(context, lock, { bytes })
  } finally {
    bytes.fill(0)
  }
}

export const unlockKey = (context: OperationContext, request: UnlockRequest): Uint8Array =>
  withUnlockedKey(context, { ...request, attributes: readableKey }, (key) =>
    'bytes' in key ? Uint8Array.from(key.bytes) : context.session.readAttribute(key, 'value'),
  )

/** The key is unwrapped to be wrapped again, sensitive: in a token that wraps under factors its value stays inside. */
export const rewrapKey = (context: OperationContext, { next, ...request }: UnlockRequest & { next: Lock }): LockedKey =>
  withUnlockedKey(context, { ...request, attributes: rewrappableKey }, (key) => lockKey(context, next, key))

/**
 * Wraps the key under the factor's half, and seals the wrapped bytes outside it: so rewrapping and further recipients need
 * no factor, and a login to the HSM alone opens nothing.
 */
export function lockWithHalves(
  context: OperationContext,
  { binding, halves: { verifier, factorKey, version } }: { binding: Binding; halves: LockHalves },
  key: LockableKey,
): LockedKey {
  const { strategy, wrapped } = wrapUnderFactor(context, factorKey, key)
  const payload = encodeWrappedKey({ strategy, wrapperId: new Uint8Array(), wrapped })
  const place = placeOf(context, 'locked-key', binding)
  return { verifier, envelope: sealBeside(context, place, { payload, body: encodeLockVersion(version) }) }
}

/** The same for a key that comes from outside: into the token for this call, where that takes it. */
export function lockBytesWithHalves(
  context: OperationContext,
  lock: { binding: Binding; halves: LockHalves },
  bytes: Uint8Array,
): LockedKey {
  const { session, capabilities } = context
  if (capabilities.importedWrap() === undefined) return lockWithHalves(context, lock, { bytes })
  return useAndDestroy(session, (own) => {
    const imported = own(importAesKey(session, { value: bytes, uses: [], extractable: 'extractable' }))
    return lockWithHalves(context, lock, imported)
  })
}

function lockKey(context: OperationContext, lock: Lock, key: LockableKey): LockedKey {
  const halves = lockHalves(context, { lock })
  try {
    return lockWithHalves(context, { binding: lock.binding, halves }, key)
  } finally {
    halves.factorKey.fill(0)
  }
}

interface Unlocking extends UnlockRequest {
  readonly attributes: Attributes
}

function withUnlockedKey<T>(context: OperationContext, unlocking: Unlocking, body: (key: LockableKey) => T): T {
  const { kind, recipients } = readEnvelope(unlocking.envelope, 'locked-key')
  const payload = openPayload(context, placeOf(context, kind, unlocking.binding), recipients)
  const { wrapperId, ...wrapped } = decodeWrappedKey(payload)
  if (wrapperId.length !== 0) throw new Unopenable()
  return withFactorUnwrapped(context, { ...unlocking, ...wrapped }, body)
}
