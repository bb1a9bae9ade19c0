import { fromBase64, sha256, toBase64, toUtf8 } from '@strongroom/crypto'
import { accountKey, extensible, hex, list, nothing, opaque, struct, text, u64, union } from './codecs.ts'
import { type Operation, operation } from './operations.ts'
import { type Codec, decode, encode, type FaultReason, XdrFault, XdrReader } from './xdr.ts'

export type Memo =
  | { readonly type: 'none' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'id'; readonly id: bigint }
  | { readonly type: 'hash' | 'return'; readonly hash: string }

export interface Transaction {
  /** `G…` */
  readonly source: string
  /** Tells apart transactions that are the same in all else. */
  readonly salt: bigint
  /** Unix seconds, both included. */
  readonly timeBounds: { readonly minTime: bigint; readonly maxTime: bigint }
  readonly memo: Memo
  readonly operations: readonly Operation[]
}

export interface DecoratedSignature {
  /** The last 4 bytes of the public key. */
  readonly hint: Uint8Array
  /** Ed25519 over the transaction's hash, 64 bytes. */
  readonly signature: Uint8Array
}

export interface Envelope extends Transaction {
  readonly signatures: readonly DecoratedSignature[]
  /** What is signed: SHA-256 of the network's id, the word 2 and the transaction. */
  readonly hash: Uint8Array
}

export interface EnvelopeFault {
  readonly fault: FaultReason
}

/** In Base64. The largest that anybody means, 100 operations with details, is shorter. */
export const LONGEST_ENVELOPE = 65_536
export const MOST_SIGNATURES = 20
const MOST_OPERATIONS = 100

const memo: Codec<Memo> = union('type', {
  none: [0, nothing],
  text: [1, struct({ text: text(28) })],
  id: [2, struct({ id: u64 })],
  hash: [3, struct({ hash: hex(32) })],
  return: [4, struct({ hash: hex(32) })],
})

const transaction = extensible(
  struct<Transaction>({
    source: accountKey,
    salt: u64,
    timeBounds: struct({ minTime: u64, maxTime: u64 }),
    memo,
    operations: list(operation, { most: MOST_OPERATIONS, reason: 'too-many-operations' }),
  }),
)

const SIGNATURE_BYTES = 64

const signature: Codec<Uint8Array> = {
  read(from) {
    if (from.u32() !== SIGNATURE_BYTES) throw new XdrFault('signature-length')
    return from.opaque(SIGNATURE_BYTES)
  },
  write(value, to) {
    to.u32(SIGNATURE_BYTES)
    opaque(SIGNATURE_BYTES).write(value, to)
  },
}

const signatures = list(struct<DecoratedSignature>({ hint: opaque(4), signature }), {
  most: MOST_SIGNATURES,
  reason: 'too-many-signatures',
})

/**
 * Reads TokenD's TransactionEnvelope, whole and strictly: Base64 and XDR that have one form, operations that are known.
 * @param networkPassphrase Part of the hash alone: of another network all is read alike, and signed otherwise.
 */
export function readEnvelope(envelope: string, networkPassphrase: string): Envelope | EnvelopeFault {
  try {
    const bytes = envelopeBytes(envelope)
    const reader = new XdrReader(bytes)
    const read = transaction.read(reader)
    const hash = hashOf(bytes.subarray(0, reader.at), networkPassphrase)
    return { ...read, signatures: decode(signatures, bytes.subarray(reader.at)), hash }
  } catch (error) {
    if (error instanceof XdrFault) return { fault: error.reason }
    throw error
  }
}

export const isFault = (read: Envelope | EnvelopeFault | string): read is EnvelopeFault =>
  typeof read === 'object' && 'fault' in read

/** @throws XdrFault */
export function envelopeBytes(envelope: string): Uint8Array {
  if (envelope.length > LONGEST_ENVELOPE) throw new XdrFault('too-long')
  try {
    return fromBase64(envelope)
  } catch {
    throw new XdrFault('not-base64')
  }
}

/** @throws RangeError for what no envelope holds. */
export const writeEnvelope = (of: Transaction, signed: readonly DecoratedSignature[]): string =>
  toBase64(Buffer.concat([encode(transaction, of), encode(signatures, signed)]))

/** 32 bytes. */
export const transactionHash = (of: Transaction, networkPassphrase: string): Uint8Array =>
  hashOf(encode(transaction, of), networkPassphrase)

/** XDR's EnvelopeType of a transaction: what was signed is nothing else. */
const TRANSACTION = Uint8Array.of(0, 0, 0, 2)

export const hashOf = (transactionXdr: Uint8Array, networkPassphrase: string): Uint8Array =>
  sha256(Buffer.concat([sha256(toUtf8(networkPassphrase)), TRANSACTION, transactionXdr]))
