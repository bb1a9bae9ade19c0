import { Unopenable } from '../errors.ts'
import { generateWrappableKey, importAesKey, readableKey, rewrappableKey, useAndDestroy } from '../keys/session-keys.ts'
import type { Binding, LockedKey } from '../keystore.ts'
import type { Handle } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { computeLockHalves, type Lock, type LockHalves } from './lock-halves.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealWhole } from './payload.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

/** Of a lock whose factor was compared and fits. */
export interface UnlockRequest {
  readonly binding: Binding
  readonly envelope: Uint8Array
  readonly factorKey: Uint8Array
}

export const issueLockedKey = (context: OperationContext, { lock }: { lock: Lock }): LockedKey =>
  useAndDestroy(context.session, (own) => lockKey(context, lock, own(generateWrappableKey(context.session))))

export const unlockKey = (context: OperationContext, request: UnlockRequest): Uint8Array =>
  withUnlockedKey(context, { ...request, attributes: readableKey }, (key) =>
    context.session.readAttribute(key, 'value'),
  )

/** The key is unwrapped to be wrapped again, sensitive: its value stays inside the token. */
export const rewrapKey = (context: OperationContext, { next, ...request }: UnlockRequest & { next: Lock }): LockedKey =>
  withUnlockedKey(context, { ...request, attributes: rewrappableKey }, (key) => lockKey(context, next, key))

/**
 * Wraps the key under the factor's half inside the token, and seals the wrapped bytes outside it: so rewrapping and
 * further recipients need no factor, and a login to the HSM alone opens nothing.
 */
export function lockWithHalves(
  context: OperationContext,
  { binding, halves: { verifier, factorKey } }: { binding: Binding; halves: LockHalves },
  key: Handle,
): LockedKey {
  const { session, capabilities } = context
  const strategy = capabilities.wrap()
  const wrapped = useAndDestroy(session, (own) => {
    const wrapper = own(importAesKey(session, { value: factorKey, uses: ['wrap', 'unwrap'] }))
    return strategy.wrap(session, wrapper, key)
  })
  const payload = encodeWrappedKey({ strategy: strategy.name, wrapperId: new Uint8Array(), wrapped })
  return { verifier, envelope: sealWhole(context, placeOf(context, 'locked-key', binding), payload) }
}

function lockKey(context: OperationContext, lock: Lock, key: Handle): LockedKey {
  const halves = computeLockHalves(context, lock)
  try {
    return lockWithHalves(context, { binding: lock.binding, halves }, key)
  } finally {
    halves.factorKey.fill(0)
  }
}

interface Unlocking extends UnlockRequest {
  readonly attributes: Attributes
}

function withUnlockedKey<T>(context: OperationContext, unlocking: Unlocking, body: (key: Handle) => T): T {
  const { session, capabilities } = context
  const { kind, recipients } = readEnvelope(unlocking.envelope, 'locked-key')
  const payload = openPayload(context, placeOf(context, kind, unlocking.binding), recipients)
  const { strategy, wrapperId, wrapped } = decodeWrappedKey(payload)
  if (wrapperId.length !== 0) throw new Unopenable()
  return useAndDestroy(session, (own) => {
    const key = own(importAesKey(session, { value: unlocking.factorKey, uses: ['wrap', 'unwrap'] }))
    const unwrapping = { wrapped, attributes: unlocking.attributes }
    return body(own(capabilities.wrap(strategy).unwrap(session, key, unwrapping)))
  })
}
