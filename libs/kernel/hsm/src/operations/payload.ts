import { bindRecipient, type Place } from '../envelope/associated-data.ts'
import { decodeEnvelope, encodeEnvelope } from '../envelope/codec.ts'
import type { Envelope, EnvelopeKind, Recipient } from '../envelope/envelope.ts'
import { Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import { handlesIn } from '../keys/token-key.ts'
import type { OperationContext } from './operation.ts'

/** Seals a small payload under the current seal key: one device call, or two where its strategy has a companion. */
export function sealPayload(context: OperationContext, place: Place, payload: Uint8Array): Recipient {
  const key = context.keys.current('seal')
  const { id, record } = key
  const strategy = context.capabilities.seal(record.strategy)
  const name = { keyId: id, version: record.version, strategy: strategy.name }
  const message = { plaintext: payload, associated: bindRecipient(place, name) }
  return { ...name, sealed: strategy.seal(context.session, handlesIn('working', key), message) }
}

/**
 * Opens the payload with the first recipient whose key is ours. `Unopenable` where none is; `DeviceError` where the
 * token refused, which the executor judges.
 */
export function openPayload(context: OperationContext, place: Place, recipients: readonly Recipient[]): Uint8Array {
  for (const recipient of recipients) {
    const key = context.keys.named('seal', recipient.keyId)
    if (key === undefined || key.record.strategy !== recipient.strategy) continue
    const message = { sealed: recipient.sealed, associated: bindRecipient(place, recipient) }
    return context.capabilities.seal(recipient.strategy).open(context.session, handlesIn('working', key), message)
  }
  throw new Unopenable()
}

export function placeOf(context: OperationContext, kind: EnvelopeKind, binding: Binding): Place {
  return { tenant: context.tenant, binding, kind }
}

/** Decodes a stored envelope and refuses any kind but the expected ones. */
export function readEnvelope(bytes: Uint8Array, ...kinds: readonly EnvelopeKind[]): Envelope {
  const envelope = decodeEnvelope(bytes)
  if (!kinds.includes(envelope.kind)) throw new Unopenable()
  return envelope
}

/** An envelope of one recipient and no body. */
export const sealWhole = (context: OperationContext, place: Place, payload: Uint8Array): Uint8Array =>
  sealBeside(context, place, { payload, body: new Uint8Array() })

/** The same with a body that is no secret. */
export const sealBeside = (
  context: OperationContext,
  place: Place,
  { payload, body }: { payload: Uint8Array; body: Uint8Array },
): Uint8Array => encodeEnvelope({ kind: place.kind, recipients: [sealPayload(context, place, payload)], body })
