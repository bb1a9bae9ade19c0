import { equalBytes } from '@strongroom/crypto'
import { bindBody, digestRecipient } from '../envelope/associated-data.ts'
import { Unopenable } from '../errors.ts'
import type { RecoveryPublicKey } from '../keystore.ts'
import { DATA_KEY_BYTES, decryptBody } from './data-key.ts'
import type { OpenRequest } from './open.ts'
import type { OperationContext } from './operation.ts'
import { placeOf, readEnvelope } from './payload.ts'

export function recoveryPublicKey({ keys }: OperationContext, _request: object): RecoveryPublicKey {
  const { id, record, publicHalf = new Uint8Array() } = keys.current('recover')
  const { version, strategy } = record
  return { spki: Uint8Array.from(publicHalf), keyId: Uint8Array.from(id), version, strategy }
}

/** One device call; what it gives is compared with the place before anything is made of it. */
export function openRecovered(context: OperationContext, { envelope, binding }: OpenRequest): Uint8Array {
  const { kind, recipients, body } = readEnvelope(envelope, 'recovery')
  const place = placeOf(context, kind, binding)
  for (const recipient of recipients) {
    const key = context.keys.named('recover', recipient.keyId)
    if (key === undefined || key.record.strategy !== recipient.strategy) continue
    const strategy = context.capabilities.recover(recipient.strategy)
    const payload = strategy.open(context.session, key.working, recipient.sealed)
    try {
      if (!equalBytes(payload.subarray(DATA_KEY_BYTES), digestRecipient(place, recipient))) throw new Unopenable()
      return decryptBody(payload.subarray(0, DATA_KEY_BYTES), { body, associated: bindBody(place) })
    } finally {
      payload.fill(0)
    }
  }
  throw new Unopenable()
}
