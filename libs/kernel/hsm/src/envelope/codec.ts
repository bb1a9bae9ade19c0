import { toUtf8 } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import {
  type Envelope,
  ENVELOPE_FORMAT,
  type EnvelopeKind,
  envelopeKinds,
  MOST_BODY_BYTES,
  type Recipient,
} from './envelope.ts'

const MOST_RECIPIENTS = 8
const MOST_KEY_ID_BYTES = 64
const MOST_STRATEGY_BYTES = 40
const MOST_SEALED_BYTES = 8 * 1024

/** A recovery copy holds a key, not a document. */
export const MOST_RECOVERY_BODY_BYTES = 4096

const mostBodyBytes: Readonly<Partial<Record<EnvelopeKind, number>>> = {
  'data-key': MOST_BODY_BYTES,
  recovery: MOST_RECOVERY_BODY_BYTES,
}

/**
 * Format 1, numbers big-endian: format (1 byte), kind (1), number of recipients (1), then each recipient: key id (1 + n),
 * version (4), strategy (1 + n), sealed payload (2 + n); last the body (4 + n). Nothing follows.
 */
export function encodeEnvelope({ kind, recipients, body }: Envelope): Uint8Array {
  const parts = [
    Uint8Array.of(ENVELOPE_FORMAT, envelopeKinds[kind], recipients.length),
    ...recipients.flatMap(({ keyId, version, strategy, sealed }) => [
      framed(1, keyId),
      encodeNumber(4, version),
      framed(1, toUtf8(strategy)),
      framed(2, sealed),
    ]),
    framed(4, body),
  ]
  return new Uint8Array(Buffer.concat(parts))
}

/** Throws `Unopenable` for anything that `encodeEnvelope` would not have written. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ByteReader(bytes)
  if (reader.readNumber(1) !== ENVELOPE_FORMAT) throw new Unopenable()
  const kind = kindOf(reader.readNumber(1))
  const count = reader.readNumber(1)
  if (count > MOST_RECIPIENTS) throw new Unopenable()
  const [first, ...others] = Array.from({ length: count }, () => decodeRecipient(reader))
  const body = reader.readBytes(4, mostBodyBytes[kind] ?? 0)
  reader.finish()
  if (first === undefined) throw new Unopenable()
  return { kind, recipients: [first, ...others], body }
}

const decodeRecipient = (reader: ByteReader): Recipient => ({
  keyId: reader.readBytes(1, MOST_KEY_ID_BYTES),
  version: reader.readNumber(4),
  strategy: reader.readText(MOST_STRATEGY_BYTES),
  sealed: reader.readBytes(2, MOST_SEALED_BYTES),
})

function kindOf(number: number): EnvelopeKind {
  const found = (Object.keys(envelopeKinds) as EnvelopeKind[]).find((kind) => envelopeKinds[kind] === number)
  if (found === undefined) throw new Unopenable()
  return found
}

export const framed = (width: 1 | 2 | 4, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([encodeNumber(width, bytes.length), bytes])

export function encodeNumber(width: 1 | 2 | 4, value: number): Uint8Array {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}
