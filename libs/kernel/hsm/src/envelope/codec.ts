import { toUtf8 } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import {
  type Envelope,
  ENVELOPE_FORMAT,
  type EnvelopeHead,
  type EnvelopeKind,
  envelopeKinds,
  MOST_BODY_BYTES,
  type Recipient,
} from './envelope.ts'

export const MOST_RECIPIENTS = 8
const MOST_KEY_ID_BYTES = 64
const MOST_STRATEGY_BYTES = 40
const MOST_SEALED_BYTES = 8 * 1024

/** A recovery copy holds a key, not a document. */
export const MOST_RECOVERY_BODY_BYTES = 4096

const mostBodyBytes: Readonly<Partial<Record<EnvelopeKind, number>>> = {
  'data-key': MOST_BODY_BYTES,
  'locked-key': 4,
  'prepared-lock': 4,
  recovery: MOST_RECOVERY_BODY_BYTES,
}

/**
 * Format 1, numbers big-endian: format (1 byte), kind (1), number of recipients (1), then each recipient: key id (1 + n),
 * version (4), strategy (1 + n), sealed payload (2 + n); last the body (4 + n). Nothing follows.
 */
export function encodeEnvelope({ kind, recipients, body }: Envelope): Uint8Array {
  const strategies = recipients.map(({ strategy }) => toUtf8(strategy))
  const sizes = recipients.map((one, at) => 8 + one.keyId.length + (strategies[at]?.length ?? 0) + one.sealed.length)
  // One allocation: this stands on the way of every value.
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 7 + body.length))
  bytes.set([ENVELOPE_FORMAT, envelopeKinds[kind], recipients.length])
  let at = 3
  for (const [index, { keyId, version, sealed }] of recipients.entries()) {
    at = put(bytes, at, { width: 1, field: keyId })
    at = putNumber(bytes, at, { width: 4, value: version })
    at = put(bytes, at, { width: 1, field: strategies[index] ?? new Uint8Array() })
    at = put(bytes, at, { width: 2, field: sealed })
  }
  put(bytes, at, { width: 4, field: body })
  return bytes
}

/** A length and so many bytes; answers where the next field goes. */
function put(bytes: Uint8Array, at: number, { width, field }: { width: 1 | 2 | 4; field: Uint8Array }): number {
  const start = putNumber(bytes, at, { width, value: field.length })
  bytes.set(field, start)
  return start + field.length
}

function putNumber(bytes: Uint8Array, at: number, { width, value }: { width: 1 | 2 | 4; value: number }): number {
  if (value >= 2 ** (8 * width)) throw new RangeError('a field of an envelope is too long')
  for (let byte = 0; byte < width; byte++) bytes[at + byte] = Math.floor(value / 2 ** (8 * (width - 1 - byte)))
  return at + width
}

/** Throws `Unopenable` for anything that `encodeEnvelope` would not have written. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ByteReader(bytes)
  const head = readHead(reader)
  const body = reader.readBytes(4, mostBodyBytes[head.kind] ?? 0)
  reader.finish()
  return { ...head, body }
}

/** All but the body, which is not looked at: it may be large. Throws `Unopenable`. */
export const decodeHead = (bytes: Uint8Array): EnvelopeHead => readHead(new ByteReader(bytes))

function readHead(reader: ByteReader): EnvelopeHead {
  if (reader.readNumber(1) !== ENVELOPE_FORMAT) throw new Unopenable()
  const kind = kindOf(reader.readNumber(1))
  const count = reader.readNumber(1)
  if (count > MOST_RECIPIENTS) throw new Unopenable()
  const [first, ...others] = Array.from({ length: count }, () => decodeRecipient(reader))
  if (first === undefined) throw new Unopenable()
  return { kind, recipients: [first, ...others] }
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
