import { equalBytes, toBase64, toUtf8 } from '@strongroom/crypto'
import { ChainUnavailable } from '../chain-unavailable.ts'
import type { AccessApi } from './access-api.ts'
import { type BareAddress, bareAddress } from './address.ts'
import type { ChainKey } from './attempts.ts'
import { isSignedBy, publicKeyOf, usableKeys } from './keys.ts'
import { envelopeMessage, type FlowPayload, type FlowSignature, transactionId } from './message.ts'
import { THRESHOLD } from './scripts.ts'
import type { FlowSetting } from './settings.ts'

export interface Payer {
  readonly address: BareAddress
  /** The first of its keys: what it signs other people’s transactions with. */
  readonly keyIndex: number
  /** Its keys as they stand in that block, which may propose. @throws ChainUnavailable where there is none. */
  keysAt(height: number): Promise<ChainKey[]>
  /** A transaction as it is sent, signed by one of its keys. */
  seal(payload: FlowPayload, signed: { keyIndex: number; by: readonly FlowSignature[] }): Promise<SealedTransaction>
  sign(message: Uint8Array): Promise<Uint8Array>
}

export interface SealedTransaction {
  readonly body: string
  readonly hash: string
}

export interface PayerOptions {
  readonly payer: FlowSetting['payer']
  readonly api: AccessApi
  /** x and y, 64 bytes. */
  readonly publicKey: () => Promise<Uint8Array>
  /** Over the SHA-256 of this message: r and s, 64 bytes. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

export function payerOf({ payer, api, publicKey, sign: signBy }: PayerOptions): Payer {
  const { address: text, keyIndexes } = payer
  const address = bareAddress(text)
  if (address === undefined) throw new TypeError('the payer on Flow has no address of Flow')

  async function sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = await signBy(message)
    // What a token got wrong would be sent, paid for and refused.
    if (!isSignedBy(await publicKey(), message, signature)) throw new Error('a signature of the payer does not verify')
    return signature
  }

  return {
    address,
    keyIndex: keyIndexes[0],
    sign,
    async keysAt(height) {
      const account = await api.accountAt(address, height)
      if (!account) throw new ChainUnavailable('payer_unknown')
      const ourKey = await publicKey()
      const ours = usableKeys(account).filter(
        (key) => keyIndexes.includes(key.index) && key.weight >= THRESHOLD && equalBytes(publicKeyOf(key), ourKey),
      )
      if (ours.length === 0) throw new ChainUnavailable('payer_without_key', 60)
      return ours.map(({ index, sequence_number: sequenceNumber }) => ({ index, sequenceNumber }))
    },
    async seal(payload, { keyIndex, by }) {
      const signature = await sign(envelopeMessage(payload, by))
      const envelope = [{ address, keyIndex, signature }]
      const hash = transactionId(payload, { payload: by, envelope })
      return { body: bodyOf(payload, by, envelope), hash }
    },
  }
}

function bodyOf(
  payload: FlowPayload,
  payloadSignatures: readonly FlowSignature[],
  envelopeSignatures: readonly FlowSignature[],
): string {
  const { proposer } = payload
  return JSON.stringify({
    script: toBase64(toUtf8(payload.script)),
    arguments: payload.arguments.map((one) => toBase64(toUtf8(one))),
    reference_block_id: payload.referenceBlock,
    gas_limit: String(payload.gasLimit),
    payer: payload.payer,
    proposal_key: {
      address: proposer.address,
      key_index: String(proposer.keyIndex),
      sequence_number: String(proposer.sequenceNumber),
    },
    authorizers: payload.authorizers,
    payload_signatures: payloadSignatures.map(asSent),
    envelope_signatures: envelopeSignatures.map(asSent),
  })
}

const asSent = ({ address, keyIndex, signature }: FlowSignature) => ({
  address,
  key_index: String(keyIndex),
  signature: toBase64(signature),
})
