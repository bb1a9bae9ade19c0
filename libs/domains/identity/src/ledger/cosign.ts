import { equalBytes, toBase64 } from '@strongroom/crypto'
import { readStrkey } from '@strongroom/proofs'
import {
  type DecoratedSignature,
  envelopeBytes,
  type EnvelopeFault,
  hashOf,
  MOST_SIGNATURES,
  type Transaction,
  transactionHash,
  writeEnvelope,
} from './envelope.ts'
import { XdrFault } from './xdr.ts'

/** Who signs a transaction; where its key lies is its own matter. */
export interface TransactionSigner {
  /** `G…` */
  readonly keyId: string
  /** Plain Ed25519 (RFC 8032) over the hash: 64 bytes. */
  sign(hash: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** A transaction, signed by these, in Base64. */
export async function signTransaction(
  transaction: Transaction,
  { networkPassphrase, signers }: { networkPassphrase: string; signers: readonly TransactionSigner[] },
): Promise<string> {
  const hash = transactionHash(transaction, networkPassphrase)
  const signed: DecoratedSignature[] = []
  for (const signer of signers) signed.push({ hint: hintOf(signer.keyId), signature: await signer.sign(hash) })
  return writeEnvelope(transaction, signed)
}

/** @throws RangeError where the text is no key. */
export function hintOf(keyId: string): Uint8Array {
  const key = readStrkey('account', keyId)
  if (!key) throw new RangeError('no account key')
  return key.subarray(-HINT)
}

const WORD = 4
const HINT = 4
const SIGNATURE = 64
const ENTRY = HINT + WORD + SIGNATURE

/**
 * Adds a signature to an envelope whose operations need not be read: signatures have one length, so that they can be
 * counted from the end. Nothing before them changes by a bit.
 */
export async function cosign(
  envelope: string,
  { networkPassphrase, signer }: { networkPassphrase: string; signer: TransactionSigner },
): Promise<string | EnvelopeFault> {
  try {
    const bytes = envelopeBytes(envelope)
    const { end, count } = findSignatures(bytes)
    if (count === MOST_SIGNATURES) return { fault: 'too-many-signatures' }
    const signature = await signer.sign(hashOf(bytes.subarray(0, end), networkPassphrase))
    if (signature.length !== SIGNATURE) throw new RangeError('a signature has 64 bytes')
    const before = bytes.subarray(end + WORD)
    if (entriesOf(before).some((one) => equalBytes(one, signature))) return { fault: 'signed-already' }
    const parts = [bytes.subarray(0, end), word(count + 1), before, hintOf(signer.keyId), word(SIGNATURE), signature]
    return toBase64(Buffer.concat(parts))
  } catch (error) {
    if (error instanceof XdrFault) return { fault: error.reason }
    throw error
  }
}

/**
 * Where the transaction ends. A signer can seek a signature that ends in zeros, which look like a count of none: where
 * more than one count fits, none is believed.
 */
function findSignatures(bytes: Uint8Array): { end: number; count: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fits = (count: number): boolean => {
    const end = bytes.length - WORD - ENTRY * count
    // The transaction's own last word is its extension, which is empty.
    if (end < WORD || view.getUint32(end) !== count || view.getUint32(end - WORD) !== 0) return false
    const lengths = Array.from({ length: count }, (_, index) => end + WORD + index * ENTRY + HINT)
    return lengths.every((at) => view.getUint32(at) === SIGNATURE)
  }
  const counts = Array.from({ length: MOST_SIGNATURES + 1 }, (_, count) => count).filter(fits)
  const [count] = counts
  if (count === undefined || counts.length > 1) throw new XdrFault('signatures-ambiguous')
  return { end: bytes.length - WORD - ENTRY * count, count }
}

const entriesOf = (entries: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: entries.length / ENTRY }, (_, index) =>
    entries.subarray(index * ENTRY + HINT + WORD, (index + 1) * ENTRY),
  )

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(WORD)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
