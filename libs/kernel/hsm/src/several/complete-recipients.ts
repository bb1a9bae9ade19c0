import { decodeEnvelope, decodeHead, encodeEnvelope, MOST_RECIPIENTS } from '../envelope/codec.ts'
import type { EnvelopeHead, Recipient } from '../envelope/envelope.ts'
import { HsmUnavailable, Unopenable } from '../errors.ts'
import type { Binding, Keystore } from '../keystore.ts'
import type { Member } from './member.ts'
import type { Ring } from './ring.ts'
import { isSameName } from './same-name.ts'
import { atLeastOne, recipientsOf } from './share.ts'

/** What an envelope keeps of its recipients, and whose it lacks. */
interface Plan {
  readonly kept: readonly Recipient[]
  readonly lacking: readonly Member[]
  readonly isDone: boolean
}

/** Recipients come and go here alone: for a token that is new or was away, and when a seal key has a newer version. */
export const completing = (ring: Ring): Pick<Keystore, 'lacksRecipients' | 'completeRecipients'> => ({
  lacksRecipients: (envelope) => !planOf(ring, decodeHead(envelope)).isDone,
  completeRecipients: (envelope, binding) => complete(ring, envelope, binding),
})

function planOf(ring: Ring, { kind, recipients }: EnvelopeHead): Plan {
  if (kind === 'recovery') throw new Unopenable()
  const kept = recipients.filter((recipient) => isKept(ring, recipient))
  const lacking = ring.healthy.filter(
    ({ sealKey }) => sealKey !== undefined && !kept.some((recipient) => isSameName(sealKey, recipient)),
  )
  return { kept, lacking, isDone: lacking.length === 0 && kept.length === recipients.length }
}

/** Of an older key as long as its token cannot renew it; of an unknown key as long as it may be that of a token not seen yet. */
function isKept(ring: Ring, recipient: Recipient): boolean {
  const owner = ring.members.find((member) => member.has(recipient) === 'yes')
  if (owner === undefined) return ring.members.some((member) => member.has(recipient) === 'unknown')
  const isCurrent = owner.sealKey !== undefined && isSameName(owner.sealKey, recipient)
  return isCurrent || !owner.isHealthy
}

/** The value is opened even where nothing is to be added: no recipient is dropped for others that do not open. */
async function complete(ring: Ring, bytes: Uint8Array, binding: Binding): Promise<Uint8Array | undefined> {
  const envelope = decodeEnvelope(bytes)
  const { kept, lacking, isDone } = planOf(ring, envelope)
  if (isDone) return undefined
  const renewed = await renew({ ring, envelope: bytes, binding }, { head: envelope, kept, lacking })
  if (renewed.length < lacking.length) throw new HsmUnavailable('a token went away before it held the value')
  const recipients = [...kept, ...renewed]
  if (recipients.length > MOST_RECIPIENTS) throw new HsmUnavailable('too many recipients are of tokens not seen yet')
  return encodeEnvelope({ ...envelope, recipients: atLeastOne(recipients) })
}

interface Renewal {
  readonly ring: Ring
  readonly envelope: Uint8Array
  readonly binding: Binding
}

/** Each by itself where it has an older recipient that opens; the others by what any of them reads. */
async function renew(
  { ring, envelope, binding }: Renewal,
  { head, kept, lacking }: Pick<Plan, 'kept' | 'lacking'> & { readonly head: EnvelopeHead },
): Promise<readonly Recipient[]> {
  const own = lacking.filter((member) => head.recipients.some((recipient) => member.has(recipient) === 'yes'))
  const outcomes = await Promise.allSettled(own.map((member) => member.run('renewRecipient', { envelope, binding })))
  const renewed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const holders = lacking.filter((member) => outcomes[own.indexOf(member)]?.status !== 'fulfilled')
  if (holders.length === 0 && lacking.length > 0) return renewed
  const readers = readersOf(ring, head, { kept, lacking })
  return [...renewed, ...(await recipientsOf(ring, { readers, holders, envelope, binding }))]
}

/** Who proves that what stays opens: where nothing is added, one whose recipient is kept. */
function readersOf(
  ring: Ring,
  { recipients }: EnvelopeHead,
  { kept, lacking }: Pick<Plan, 'kept' | 'lacking'>,
): readonly Member[] {
  const sources = lacking.length === 0 ? kept : recipients
  return ring.members.filter((member) => sources.some((recipient) => member.has(recipient) !== 'no'))
}
