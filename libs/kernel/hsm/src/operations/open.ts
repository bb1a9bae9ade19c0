import { bindBody } from '../envelope/associated-data.ts'
import type { Binding } from '../keystore.ts'
import { decryptBody } from './data-key.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope } from './payload.ts'

export interface OpenRequest {
  readonly envelope: Uint8Array
  readonly binding: Binding
}

export function open(context: OperationContext, { envelope, binding }: OpenRequest): Uint8Array {
  const { kind, recipients, body } = readEnvelope(envelope, 'direct', 'data-key')
  const place = placeOf(context, kind, binding)
  const payload = openPayload(context, place, recipients)
  if (kind === 'direct') return payload
  try {
    return decryptBody(payload, { body, associated: bindBody(place) })
  } finally {
    payload.fill(0)
  }
}
