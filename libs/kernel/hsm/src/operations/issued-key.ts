import { encodeTuple } from '@strongroom/crypto'
import { bindingParts } from '../envelope/associated-data.ts'
import { generateWrappableKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { handlesIn } from '../keys/token-key.ts'
import { Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import { SEALED_RANDOM, shapeOf } from '../strategies/shapes.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealWhole } from './payload.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

const KEY_BYTES = 32

/**
 * Generated and wrapped inside the token, then bound to its row by sealing the wrapped bytes: GCM costs the same one
 * device call as a MAC over them would, hides them as well, and needs no further key. Where nothing wraps: drawn, and sealed.
 */
export function issueKey(context: OperationContext, { binding }: { binding: Binding }): Uint8Array {
  const { session, capabilities, keys } = context
  const place = placeOf(context, 'issued-key', binding)
  const wrapper = keys.current('wrap')
  const { id, record } = wrapper
  if (shapeOf(record.strategy).keyless) {
    const drawn = session.drawRandom(KEY_BYTES)
    const payload = encodeWrappedKey({ strategy: SEALED_RANDOM, wrapperId: id, wrapped: drawn })
    try {
      return sealWhole(context, place, payload)
    } finally {
      drawn.fill(0)
      payload.fill(0)
    }
  }
  const strategy = capabilities.wrap(record.strategy)
  const wrapped = useAndDestroy(session, (own) => {
    const subject = { key: own(generateWrappableKey(session)), context: wrapContext(context, binding) }
    return strategy.wrap(session, handlesIn('working', wrapper), subject)
  })
  const payload = encodeWrappedKey({ strategy: strategy.name, wrapperId: id, wrapped })
  return sealWhole(context, place, payload)
}

export function openKey(
  context: OperationContext,
  { envelope, binding }: { envelope: Uint8Array; binding: Binding },
): Uint8Array {
  const { session, capabilities, keys } = context
  const { kind, recipients } = readEnvelope(envelope, 'issued-key')
  const payload = openPayload(context, placeOf(context, kind, binding), recipients)
  const { strategy, wrapperId, wrapped } = decodeWrappedKey(payload)
  if (strategy === SEALED_RANDOM) return openDrawn(wrapperId, wrapped)
  const key = keys.named('wrap', wrapperId)
  if (key === undefined || key.record.strategy !== strategy) throw new Unopenable()
  return useAndDestroy(session, (own) => {
    const unwrapping = { wrapped, context: wrapContext(context, binding), attributes: readableKey }
    const unwrapped = own(capabilities.wrap(strategy).unwrap(session, handlesIn('working', key), unwrapping))
    return session.readAttribute(unwrapped, 'value')
  })
}

function openDrawn(wrapperId: Uint8Array, drawn: Uint8Array): Uint8Array {
  if (wrapperId.length !== 0 || drawn.length !== KEY_BYTES) throw new Unopenable()
  return drawn
}

/** For strategies with a companion: the row once more, beside the seal that binds it for all. */
const wrapContext = ({ tenant }: OperationContext, binding: Binding): Uint8Array =>
  encodeTuple('strongroom/wrapped', ...bindingParts({ tenant, binding }))
