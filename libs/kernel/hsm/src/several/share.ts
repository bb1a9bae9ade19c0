import { decodeEnvelope, decodeHead, encodeEnvelope } from '../envelope/codec.ts'
import type { EnvelopeKind, Recipient } from '../envelope/envelope.ts'
import { HsmUnavailable, Unopenable } from '../errors.ts'
import type { Binding } from '../keystore.ts'
import type { SharedKind } from '../operations/recipients.ts'
import type { Member } from './member.ts'
import type { Ring } from './ring.ts'

const NO_BODY = new Uint8Array()

/** What one body or payload is held for. */
export interface Held {
  readonly kind: SharedKind
  readonly binding: Binding
  readonly payload: Uint8Array
  readonly body?: Uint8Array
}

/** An envelope with a recipient of every healthy token. Throws `HsmUnavailable` where they are too few. */
export async function holdByAll(ring: Ring, { kind, binding, payload, body = NO_BODY }: Held): Promise<Uint8Array> {
  const { healthy } = ring
  ring.assertHeldBy(healthy.length)
  const recipients = await ring.holdBy(healthy, (member) => member.run('holdPayload', { payload, binding, kind }))
  ring.assertHeldBy(recipients.length)
  return encodeEnvelope({ kind, recipients: atLeastOne(recipients), body })
}

/** What one token made, with a recipient of every other healthy one. Throws `HsmUnavailable` where they are too few. */
export async function shareWithOthers(
  ring: Ring,
  maker: Member,
  { envelope, binding }: { envelope: Uint8Array; binding: Binding },
): Promise<Uint8Array> {
  const others = ring.healthy.filter((member) => member !== maker)
  ring.assertHeldBy(1 + others.length)
  if (others.length === 0) return envelope
  const { kind, recipients, body } = decodeEnvelope(envelope)
  const further = await recipientsOf(ring, { readers: [maker], holders: others, envelope, binding })
  ring.assertHeldBy(recipients.length + further.length)
  return encodeEnvelope({ kind, recipients: [...recipients, ...further], body })
}

interface Sharing {
  readonly readers: readonly Member[]
  readonly holders: readonly Member[]
  readonly envelope: Uint8Array
  readonly binding: Binding
}

/** Read by one of the `readers`, held by each of the `holders` that answers. What was read is wiped. */
export async function recipientsOf(
  ring: Ring,
  { readers, holders, envelope, binding }: Sharing,
): Promise<readonly Recipient[]> {
  const { kind } = decodeHead(envelope)
  const payload = await ring.first(readers, (member) => member.run(readingOf(kind), { envelope, binding }))
  try {
    return await ring.holdBy(holders, (member) => holdAs(kind, member, { payload, binding }))
  } finally {
    payload.fill(0)
  }
}

/** Of what each token wraps for itself the value is read, of all else the payload as it is sealed. */
const readingOf = (kind: EnvelopeKind) =>
  kind === 'issued-key' ? 'openKey' : kind === 'issued-pair' ? 'readPair' : 'readPayload'

function holdAs(
  kind: EnvelopeKind,
  member: Member,
  { payload, binding }: { payload: Uint8Array; binding: Binding },
): Promise<Recipient> {
  if (kind === 'recovery') throw new Unopenable()
  if (kind === 'issued-key') return member.run('holdKey', { key: payload, binding })
  if (kind === 'issued-pair') return member.run('holdPair', { pair: payload, binding })
  return member.run('holdPayload', { payload, binding, kind })
}

export function atLeastOne(recipients: readonly Recipient[]): readonly [Recipient, ...Recipient[]] {
  const [first, ...others] = recipients
  if (first === undefined) throw new HsmUnavailable('no token holds it')
  return [first, ...others]
}
