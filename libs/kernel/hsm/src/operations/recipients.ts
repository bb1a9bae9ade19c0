import type { EnvelopeKind, Recipient } from '../envelope/envelope.ts'
import { decodeEnvelope } from '../envelope/codec.ts'
import { Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import { DATA_KEY_BYTES } from './data-key.ts'
import { holdIssuedKey } from './issued-key.ts'
import type { OpenRequest } from './open.ts'
import { holdIssuedPair } from './held-pair.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, sealPayload } from './payload.ts'
import { toGive } from './to-give.ts'

/** What an envelope may hold for several tokens alike: of issued keys and pairs each holds its own wrapping, of a recovery copy none. */
export type SharedKind = Exclude<EnvelopeKind, 'issued-key' | 'issued-pair' | 'recovery'>

/** By what an envelope names a seal key of this token. */
export type SealKeyName = Omit<Recipient, 'sealed'>

/** Every seal key of the token, the one that seals first. No device call. */
export function sealKeys({ keys }: OperationContext, _request: object): readonly SealKeyName[] {
  const sealing = keys.all.filter(({ record }) => record.job === 'seal')
  if (sealing.length === 0) return []
  const current = keys.current('seal')
  return [current, ...sealing.filter((key) => key !== current)].map(({ id, record: { version, strategy } }) => ({
    keyId: Uint8Array.from(id),
    version,
    strategy,
  }))
}

/** A key for one body, drawn in the token. */
export const drawKey = ({ session }: OperationContext, _request: object): Uint8Array =>
  session.drawRandom(DATA_KEY_BYTES)

/** What the other tokens are to hold as well. */
export function readPayload(context: OperationContext, { envelope, binding }: OpenRequest): Uint8Array {
  const { kind, recipients } = decodeEnvelope(envelope)
  if (kind === 'issued-key' || kind === 'issued-pair' || kind === 'recovery') throw new Unopenable()
  return openPayload(context, placeOf(context, kind, binding), recipients)
}

export interface HoldRequest {
  readonly payload: Uint8Array
  readonly binding: Binding
  readonly kind: SharedKind
}

/** This token's recipient of a payload that another one's holds, or will. */
export const holdPayload = (context: OperationContext, { payload, binding, kind }: HoldRequest): Recipient =>
  toGive(sealPayload(context, placeOf(context, kind, binding), payload))

/** The same of an issued key, wrapped anew by this token's own wrap key inside it. */
export const holdKey = (
  context: OperationContext,
  { key, binding }: { key: Uint8Array; binding: Binding },
): Recipient => toGive(holdIssuedKey(context, binding, key))

/** The same of a pair, as `readPair` gave it. */
export const holdPair = (
  context: OperationContext,
  { pair, binding }: { pair: Uint8Array; binding: Binding },
): Recipient => toGive(holdIssuedPair(context, binding, pair))
