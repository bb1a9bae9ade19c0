import { createHash } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import type { BareAddress } from './address.ts'
import { encodeRlp, type Rlp, rlpNumber } from './rlp.ts'

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
export const tag = new Uint8Array(32)
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
export const signersOf = ({ proposer, payer, authorizers }: FlowPayload): BareAddress[] => [
  ...new Set([proposer.address, payer, ...authorizers]),
]

function signatureFields(payload: FlowPayload, signatures: readonly FlowSignature[]): Rlp[] {
  const signers = signersOf(payload)
  return signatures
    .map((one) => ({ ...one, signer: signers.indexOf(one.address) }))
    .toSorted((a, b) => a.signer - b.signer || a.keyIndex - b.keyIndex)
    .map(({ signer, keyIndex, signature }) => [rlpNumber(signer), rlpNumber(keyIndex), signature])
}
