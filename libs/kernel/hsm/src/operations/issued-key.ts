import { encodeTuple } from '@strongroom/crypto'
import { bindingParts } from '../envelope/associated-data.ts'
import { encodeEnvelope } from '../envelope/codec.ts'
import type { Recipient } from '../envelope/envelope.ts'
import { generateWrappableKey, importAesKey, readableKey, rewrappableKey, useAndDestroy } from '../keys/session-keys.ts'
import { handlesIn } from '../keys/token-key.ts'
import { Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import type { Handle } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { SEALED_RANDOM, shapeOf } from '../strategies/shapes.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealPayload } from './payload.ts'
import { decodeWrappedKey, encodeWrappedKey, type WrappedKey } from './wrapped-key.ts'

const KEY_BYTES = 32

export const issueKey = (context: OperationContext, { binding }: { binding: Binding }): Uint8Array =>
  encodeEnvelope({ kind: 'issued-key', recipients: [drawKeyFor(context, binding)], body: new Uint8Array() })

/** Generated and wrapped inside the token; where nothing wraps: drawn there, and sealed. */
function drawKeyFor(context: OperationContext, binding: Binding): Recipient {
  const { session } = context
  if (!wrapsNothing(context))
    return useAndDestroy(session, (own) => wrapIssuedKey(context, binding, own(generateWrappableKey(session))))
  const drawn = session.drawRandom(KEY_BYTES)
  try {
    return sealDrawnKey(context, binding, drawn)
  } finally {
    drawn.fill(0)
  }
}

/** This token's recipient of a key that another one issued. */
export function holdIssuedKey(context: OperationContext, binding: Binding, value: Uint8Array): Recipient {
  const { session } = context
  if (wrapsNothing(context)) return sealDrawnKey(context, binding, value)
  return useAndDestroy(session, (own) =>
    wrapIssuedKey(context, binding, own(importAesKey(session, { value, uses: [], extractable: 'extractable' }))),
  )
}

const wrapsNothing = ({ keys }: OperationContext): boolean =>
  shapeOf(keys.current('wrap').record.strategy).keyless ?? false

/**
 * Wrapped inside the token, then bound to its row by sealing the wrapped bytes: GCM costs the same one device call as a
 * MAC over them would, hides them as well, and needs no further key.
 */
function wrapIssuedKey(context: OperationContext, binding: Binding, key: Handle): Recipient {
  const { session, capabilities, keys } = context
  const wrapper = keys.current('wrap')
  const strategy = capabilities.wrap(wrapper.record.strategy)
  const subject = { key, context: wrapContext(context, binding) }
  const wrapped = strategy.wrap(session, handlesIn('working', wrapper), subject)
  const payload = encodeWrappedKey({ strategy: strategy.name, wrapperId: wrapper.id, wrapped })
  return sealPayload(context, placeOf(context, 'issued-key', binding), payload)
}

function sealDrawnKey(context: OperationContext, binding: Binding, drawn: Uint8Array): Recipient {
  const payload = encodeWrappedKey({ strategy: SEALED_RANDOM, wrapperId: new Uint8Array(), wrapped: drawn })
  try {
    return sealPayload(context, placeOf(context, 'issued-key', binding), payload)
  } finally {
    payload.fill(0)
  }
}

interface IssuedKey {
  readonly envelope: Uint8Array
  readonly binding: Binding
}

export function openKey(context: OperationContext, issued: IssuedKey): Uint8Array {
  const found = openWrapping(context, issued)
  if (found.strategy === SEALED_RANDOM) return openDrawn(found)
  return withUnwrapped(context, { ...found, binding: issued.binding, attributes: readableKey }, (key) =>
    context.session.readAttribute(key, 'value'),
  )
}

/**
 * This token's recipient anew: wrapped by its current wrap key, sealed by its current seal key. The key is unwrapped
 * sensitive, to be wrapped again; it comes to this process only where the token wraps nothing.
 */
export function renewKey(context: OperationContext, issued: IssuedKey): Recipient {
  const { binding } = issued
  const found = openWrapping(context, issued)
  if (found.strategy !== SEALED_RANDOM && !wrapsNothing(context)) {
    const unwrapping = { ...found, binding, attributes: rewrappableKey }
    return withUnwrapped(context, unwrapping, (key) => wrapIssuedKey(context, binding, key))
  }
  const value = openKey(context, issued)
  try {
    return holdIssuedKey(context, binding, value)
  } finally {
    value.fill(0)
  }
}

function openWrapping(context: OperationContext, { envelope, binding }: IssuedKey): WrappedKey {
  const { kind, recipients } = readEnvelope(envelope, 'issued-key')
  return decodeWrappedKey(openPayload(context, placeOf(context, kind, binding), recipients))
}

interface Unwrapping extends WrappedKey {
  readonly binding: Binding
  readonly attributes: Attributes
}

function withUnwrapped<T>(
  context: OperationContext,
  { strategy, wrapperId, wrapped, binding, attributes }: Unwrapping,
  body: (key: Handle) => T,
): T {
  const { session, capabilities, keys } = context
  const wrapper = keys.named('wrap', wrapperId)
  if (wrapper === undefined || wrapper.record.strategy !== strategy) throw new Unopenable()
  return useAndDestroy(session, (own) => {
    const unwrapping = { wrapped, context: wrapContext(context, binding), attributes }
    return body(own(capabilities.wrap(strategy).unwrap(session, handlesIn('working', wrapper), unwrapping)))
  })
}

function openDrawn({ wrapperId, wrapped: drawn }: WrappedKey): Uint8Array {
  if (wrapperId.length !== 0 || drawn.length !== KEY_BYTES) throw new Unopenable()
  return drawn
}

/** For strategies with a companion: the row once more, beside the seal that binds it for all. */
const wrapContext = ({ tenant }: OperationContext, binding: Binding): Uint8Array =>
  encodeTuple('strongroom/wrapped', ...bindingParts({ tenant, binding }))
