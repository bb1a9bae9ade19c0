import { decodeEnvelope } from '../envelope/codec.ts'
import type { Recipient } from '../envelope/envelope.ts'
import { Unopenable } from '../errors.ts'
import { renewPair } from './held-pair.ts'
import { renewKey } from './issued-key.ts'
import type { OpenRequest } from './open.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, sealPayload } from './payload.ts'
import { toGive } from './to-give.ts'

/** This token's recipient, from its own older one, by its newest keys: beside the token alone, and for issued keys and pairs inside it. */
export function renewRecipient(context: OperationContext, request: OpenRequest): Recipient {
  const { kind, recipients } = decodeEnvelope(request.envelope)
  if (kind === 'recovery') throw new Unopenable()
  if (kind === 'issued-key') return toGive(renewKey(context, request))
  if (kind === 'issued-pair') return toGive(renewPair(context, request))
  const place = placeOf(context, kind, request.binding)
  const payload = openPayload(context, place, recipients)
  try {
    return toGive(sealPayload(context, place, payload))
  } finally {
    payload.fill(0)
  }
}
