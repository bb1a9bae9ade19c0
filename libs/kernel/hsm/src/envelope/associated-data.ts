import { createHash } from 'node:crypto'
import { encodeTuple, toUtf8, type TuplePart } from '@strongroom/crypto'
import type { Binding } from '../keystore.ts'
import { ENVELOPE_FORMAT, type EnvelopeKind, type Recipient } from './envelope.ts'

/** To whom a keystore belongs: what one app sealed opens in no other, and in no other deployment. */
export interface Tenant {
  readonly deployment: string
  readonly app: string
}

export interface Place {
  readonly tenant: Tenant
  readonly binding: Binding
  readonly kind: EnvelopeKind
}

/** Of a recipient's sealed payload: the row, and how and by which key it was sealed. */
export const bindRecipient = (place: Place, recipient: Omit<Recipient, 'sealed'>): Uint8Array =>
  encodeTuple(
    lasting('strongroom/recipient'),
    ENVELOPE_FORMAT,
    lasting(place.kind),
    recipient.keyId,
    recipient.version,
    recipient.strategy,
    ...bindingParts(place),
  )

/**
 * The same in 32 bytes. OAEP labels are not known on every token: the binding stands beside the data key instead, and
 * is compared on opening.
 */
export const digestRecipient = (place: Place, recipient: Omit<Recipient, 'sealed'>): Uint8Array =>
  createHash('sha256').update(bindRecipient(place, recipient)).digest()

/** Of a body under a data key: without the recipients, so that they can be renewed and the body stay. */
export const bindBody = (place: Place): Uint8Array =>
  encodeTuple('strongroom/body', ENVELOPE_FORMAT, place.kind, ...bindingParts(place))

/** The row as tuple parts. An absent version is the empty text, which no number encodes to. */
export const bindingParts = ({ tenant, binding }: Omit<Place, 'kind'>): readonly TuplePart[] => [
  lasting(tenant.deployment),
  lasting(tenant.app),
  binding.table,
  binding.row,
  binding.owner,
  binding.purpose,
  binding.version ?? '',
]

const encoded = new Map<string, Uint8Array>()

/** The same bytes as the text itself gives. Of texts that are the same in every envelope: encoding them costs as much as the cipher. */
function lasting(text: string): Uint8Array {
  const known = encoded.get(text)
  if (known !== undefined) return known
  const bytes = toUtf8(text)
  encoded.set(text, bytes)
  return bytes
}
