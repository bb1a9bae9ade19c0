import { bindBody } from '../envelope/associated-data.ts'
import { encodeEnvelope } from '../envelope/codec.ts'
import { MOST_BODY_BYTES } from '../envelope/envelope.ts'
import { HsmRefusal } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import { DATA_KEY_BYTES, DATA_KEY_OVERHEAD, encryptBody } from './data-key.ts'
import type { OperationContext } from './operation.ts'
import { placeOf, sealPayload, sealWhole } from './payload.ts'

/** Above this many bytes the token seals a data key instead: a device call costs by the byte. */
export const MOST_DIRECT_BYTES = 4096

export interface SealRequest {
  readonly plaintext: Uint8Array
  readonly binding: Binding
}

export function seal(context: OperationContext, { plaintext, binding }: SealRequest): Uint8Array {
  if (plaintext.length <= MOST_DIRECT_BYTES) return sealWhole(context, placeOf(context, 'direct', binding), plaintext)
  if (plaintext.length > MOST_BODY_BYTES - DATA_KEY_OVERHEAD) {
    throw new HsmRefusal('input-refused', `a sealed value holds at most ${MOST_BODY_BYTES} bytes`)
  }
  const place = placeOf(context, 'data-key', binding)
  const key = context.session.drawRandom(DATA_KEY_BYTES)
  try {
    const body = encryptBody(key, { plaintext, associated: bindBody(place) })
    return encodeEnvelope({ kind: 'data-key', recipients: [sealPayload(context, place, key)], body })
  } finally {
    key.fill(0)
  }
}
