import { encodeTransactionEnvelope, encodeTransactionPayload, encodeTxIdFromVoucher } from '@onflow/sdk'
import type { Signature, Transaction } from './transaction.ts'

/** As Flow’s own package encodes it: whoever encodes otherwise has signed something else. */
function voucherOf(transaction: Transaction) {
  const { proposal_key: key } = transaction
  return {
    cadence: transaction.script,
    arguments: transaction.arguments,
    refBlock: transaction.reference_block_id,
    computeLimit: transaction.gas_limit,
    proposalKey: { address: key.address, keyId: key.key_index, sequenceNum: key.sequence_number },
    payer: transaction.payer,
    authorizers: transaction.authorizers,
    payloadSigs: transaction.payload_signatures.map(asSig),
    envelopeSigs: transaction.envelope_signatures.map(asSig),
  }
}

const asSig = ({ address, key_index: keyId, signature }: Signature) => ({
  address,
  keyId,
  sig: signature.toString('hex'),
})

export interface Encoded {
  readonly id: string
  /** What everybody but the payer signs, and what the payer signs, with the tag of Flow’s transactions. */
  readonly payload: Buffer
  readonly envelope: Buffer
}

export function encode(transaction: Transaction): Encoded {
  const voucher = voucherOf(transaction) as Parameters<typeof encodeTxIdFromVoucher>[0] &
    Parameters<typeof encodeTransactionEnvelope>[0]
  return {
    id: encodeTxIdFromVoucher(voucher),
    payload: Buffer.from(encodeTransactionPayload(voucher), 'hex'),
    envelope: Buffer.from(encodeTransactionEnvelope(voucher), 'hex'),
  }
}
