import { createHash } from 'node:crypto'
import { fromUtf8, toHex, toUtf8 } from '@strongroom/crypto'
import { type BareAddress, bareAddress } from './address.ts'
import { decodeRlp, encodeRlp, type Rlp, rlpNumber } from './rlp.ts'

/** What a transaction of Flow does, and under which conditions. */
export interface FlowPayload {
  readonly script: string
  /** Each in JSON-Cadence, as it is sent. */
  readonly arguments: readonly string[]
  /** 64 hexadecimal digits: the transaction is good for 600 blocks after it. */
  readonly referenceBlock: string
  readonly gasLimit: number
  readonly proposer: { readonly address: BareAddress; readonly keyIndex: number; readonly sequenceNumber: number }
  readonly payer: BareAddress
  readonly authorizers: readonly BareAddress[]
}

export interface FlowSignature {
  readonly address: BareAddress
  readonly keyIndex: number
  /** r and s, 64 bytes. */
  readonly signature: Uint8Array
}

export interface FlowMessage {
  readonly form: 'payload' | 'envelope'
  readonly payload: FlowPayload
  readonly payloadSignatures: readonly FlowSignature[]
}

/** Keeps a signature of a transaction from being one of anything else that keys of Flow sign. */
const tag = new Uint8Array(32)
tag.set(toUtf8('FLOW-V0.0-transaction'))

/** What everybody but the payer signs. */
export const payloadMessage = (payload: FlowPayload): Uint8Array =>
  Buffer.concat([tag, encodeRlp(payloadFields(payload))])

/** What the payer signs. */
export const envelopeMessage = (payload: FlowPayload, signatures: readonly FlowSignature[]): Uint8Array =>
  Buffer.concat([tag, encodeRlp([payloadFields(payload), signatureFields(payload, signatures)])])

/** The id of a transaction: 64 hexadecimal digits. */
export function transactionId(
  payload: FlowPayload,
  signatures: Readonly<Record<'payload' | 'envelope', readonly FlowSignature[]>>,
): string {
  const parts = [signatures.payload, signatures.envelope].map((list) => signatureFields(payload, list))
  return createHash('sha3-256')
    .update(encodeRlp([payloadFields(payload), ...parts]))
    .digest('hex')
}

function payloadFields(payload: FlowPayload): Rlp[] {
  const { script, referenceBlock, gasLimit, proposer, payer, authorizers } = payload
  return [
    toUtf8(script),
    payload.arguments.map(toUtf8),
    Buffer.from(referenceBlock, 'hex'),
    rlpNumber(gasLimit),
    Buffer.from(proposer.address, 'hex'),
    rlpNumber(proposer.keyIndex),
    rlpNumber(proposer.sequenceNumber),
    Buffer.from(payer, 'hex'),
    authorizers.map((one) => Buffer.from(one, 'hex')),
  ]
}

/** Who signs is told by a number: the proposer is 0, then payer and authorisers, each counted once. */
const signersOf = ({ proposer, payer, authorizers }: FlowPayload): BareAddress[] => [
  ...new Set([proposer.address, payer, ...authorizers]),
]

function signatureFields(payload: FlowPayload, signatures: readonly FlowSignature[]): Rlp[] {
  const signers = signersOf(payload)
  return signatures
    .map((one) => ({ ...one, signer: signers.indexOf(one.address) }))
    .toSorted((a, b) => a.signer - b.signer || a.keyIndex - b.keyIndex)
    .map(({ signer, keyIndex, signature }) => [rlpNumber(signer), rlpNumber(keyIndex), signature])
}

const LONGEST = 16_384

/** Decodes what somebody is asked to sign; `undefined` where any byte of it is not understood. */
export function decodeMessage(bytes: Uint8Array): FlowMessage | undefined {
  if (bytes.length > LONGEST || Buffer.compare(bytes.subarray(0, tag.length), tag) !== 0) return undefined
  const item = decodeRlp(bytes.subarray(tag.length))
  if (item === undefined || item instanceof Uint8Array) return undefined
  try {
    const message = item.length === 2 ? readEnvelope(item) : { form: 'payload' as const, payload: readPayload(item) }
    const whole: FlowMessage = { payloadSignatures: [], ...message }
    const again =
      whole.form === 'payload' ? payloadMessage(whole.payload) : envelopeMessage(whole.payload, whole.payloadSignatures)
    // Signatures in another order, a number with more digits than it needs: read alike, but not the same bytes.
    return Buffer.compare(again, bytes) === 0 ? whole : undefined
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined
    throw error
  }
}

class NotUnderstood extends Error {}

function readEnvelope([payloadItem, signatures]: readonly Rlp[]): FlowMessage {
  const payload = readPayload(listOf(payloadItem))
  const signers = signersOf(payload)
  const payloadSignatures = listOf(signatures).map((one) => {
    const fields = listOf(one)
    const address = signers[numberOf(fields[0])]
    const signature = bytesOf(fields[2])
    if (fields.length !== 3 || address === undefined || signature.length !== 64) throw new NotUnderstood()
    return { address, keyIndex: numberOf(fields[1]), signature }
  })
  return { form: 'envelope', payload, payloadSignatures }
}

function readPayload(fields: readonly Rlp[]): FlowPayload {
  const [script, args, block, gasLimit, proposer, keyIndex, sequenceNumber, payer, authorizers] = fields
  const referenceBlock = bytesOf(block)
  if (fields.length !== 9 || referenceBlock.length !== 32) throw new NotUnderstood()
  return {
    script: textOf(script),
    arguments: listOf(args).map(textOf),
    referenceBlock: toHex(referenceBlock),
    gasLimit: numberOf(gasLimit),
    proposer: {
      address: addressOf(proposer),
      keyIndex: numberOf(keyIndex),
      sequenceNumber: numberOf(sequenceNumber),
    },
    payer: addressOf(payer),
    authorizers: listOf(authorizers).map(addressOf),
  }
}

function bytesOf(item: Rlp | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new NotUnderstood()
  return item
}

function listOf(item: Rlp | undefined): readonly Rlp[] {
  if (item === undefined || item instanceof Uint8Array) throw new NotUnderstood()
  return item
}

function textOf(item: Rlp | undefined): string {
  try {
    return fromUtf8(bytesOf(item))
  } catch {
    throw new NotUnderstood()
  }
}

function numberOf(item: Rlp | undefined): number {
  const bytes = bytesOf(item)
  if (bytes.length > 6) throw new NotUnderstood()
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

function addressOf(item: Rlp | undefined): BareAddress {
  const address = bareAddress(toHex(bytesOf(item)))
  if (address === undefined) throw new NotUnderstood()
  return address
}
