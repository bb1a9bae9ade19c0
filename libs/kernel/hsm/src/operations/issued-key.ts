import { generateWrappableKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealWhole } from './payload.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

/**
 * Generated and wrapped inside the token, then bound to its row by sealing the wrapped bytes: GCM costs the same one
 * device call as a MAC over them would, hides them as well, and needs no further key.
 */
export function issueKey(context: OperationContext, { binding }: { binding: Binding }): Uint8Array {
  const { session, capabilities, keys } = context
  const { id, record, working } = keys.current('wrap')
  const strategy = capabilities.wrap(record.strategy)
  const wrapped = useAndDestroy(session, (own) => strategy.wrap(session, working, own(generateWrappableKey(session))))
  const payload = encodeWrappedKey({ strategy: strategy.name, wrapperId: id, wrapped })
  return sealWhole(context, placeOf(context, 'issued-key', binding), payload)
}

export function openKey(
  context: OperationContext,
  { envelope, binding }: { envelope: Uint8Array; binding: Binding },
): Uint8Array {
  const { session, capabilities, keys } = context
  const { kind, recipients } = readEnvelope(envelope, 'issued-key')
  const payload = openPayload(context, placeOf(context, kind, binding), recipients)
  const { strategy, wrapperId, wrapped } = decodeWrappedKey(payload)
  const key = keys.named('wrap', wrapperId)
  if (key === undefined || key.record.strategy !== strategy) throw new Unopenable()
  return useAndDestroy(session, (own) => {
    const unwrapping = { wrapped, attributes: readableKey }
    return session.readAttribute(own(capabilities.wrap(strategy).unwrap(session, key.working, unwrapping)), 'value')
  })
}
