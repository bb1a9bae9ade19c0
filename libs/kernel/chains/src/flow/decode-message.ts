import { fromUtf8, toHex } from '@strongroom/crypto'
import { type BareAddress, bareAddress } from './address.ts'
import { envelopeMessage, type FlowMessage, type FlowPayload, payloadMessage, signersOf, tag } from './message.ts'
import { decodeRlp, type Rlp } from './rlp.ts'

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
