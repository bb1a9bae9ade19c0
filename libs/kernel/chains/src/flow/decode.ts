import { equalBytes, fromHex } from '@strongroom/crypto'
import type { AccountRequest } from '../chain.ts'
import type { AccessApi } from './access-api.ts'
import { type BareAddress, shownAddress } from './address.ts'
import { isPoint, liveKeys, publicKeyOf, usableKeys } from './keys.ts'
import { decodeMessage } from './decode-message.ts'
import { type FlowMessage, payloadMessage } from './message.ts'
import { asAccountChange, changeOf, type KeyChange, THRESHOLD } from './scripts.ts'
import { GOOD_FOR_BLOCKS, MOST_GAS } from './settings.ts'

/** `payload`: what keys of the account sign, and our server’s with them. `envelope`: what the payer signs, and nobody else. */
export interface FlowRequest extends AccountRequest {
  readonly form: FlowMessage['form']
  /** What keys of the account sign: of a payload the message itself. */
  readonly payload: Uint8Array
  /** The key of the account that proposes it: without its signature it never runs. x and y. */
  readonly proposedBy: Uint8Array
}

export interface Understood {
  readonly bytes: Uint8Array
  readonly message: FlowMessage
  readonly account: BareAddress
  readonly change: KeyChange
}

/** What a message says by itself, without asking the chain; `undefined` unless it is one change of keys, whole. */
export function understand(request: unknown, payer: BareAddress): Understood | undefined {
  if (typeof request !== 'string' || !/^([0-9a-f]{2})+$/i.test(request)) return undefined
  const bytes = fromHex(request)
  const message = decodeMessage(bytes)
  const change = message && changeOf(message.payload.script)
  if (!message || !change || !isPossible(change)) return undefined
  const { payload, payloadSignatures } = message
  const [account, ...others] = payload.authorizers
  const isOurs =
    account !== undefined &&
    others.length === 0 &&
    payload.payer === payer &&
    // Never the payer: its money would be at stake, and a number that we count on would be used up.
    account !== payer &&
    payload.proposer.address === account &&
    payload.arguments.length === 0 &&
    payload.gasLimit >= 1 &&
    payload.gasLimit <= MOST_GAS &&
    payloadSignatures.every(({ address }) => address === account)
  return isOurs ? { bytes, message, account, change } : undefined
}

const isPossible = (change: KeyChange): boolean =>
  change.kind === 'remove' || (change.weight >= 1 && change.weight <= THRESHOLD && isPoint(change.publicKey))

/** The same, and what the chain says of it: young enough to run, and a change that is one. */
export async function decodeRequest(
  { api, payer }: { api: AccessApi; payer: BareAddress },
  request: unknown,
): Promise<FlowRequest | undefined> {
  const understood = understand(request, payer)
  if (!understood) return undefined
  const { bytes, message, account, change } = understood
  const [sealed, reference] = await Promise.all([api.sealedBlock(), api.block(message.payload.referenceBlock)])
  if (!reference || reference.height + GOOD_FOR_BLOCKS < sealed.height) return undefined
  const found = await api.accountAt(account, 'sealed')
  if (!found) return undefined
  const stands = liveKeys(found).some(
    (key) => equalBytes(publicKeyOf(key), change.publicKey) && (change.kind === 'add' || key.index === change.index),
  )
  if (stands !== (change.kind === 'remove')) return undefined
  // A number that was used proposes nothing any more.
  const { proposer } = message.payload
  const proposing = usableKeys(found).find(({ index }) => index === proposer.keyIndex)
  if (!proposing || proposing.sequence_number > proposer.sequenceNumber) return undefined
  return {
    form: message.form,
    payload: payloadMessage(message.payload),
    proposedBy: publicKeyOf(proposing),
    signedBy: usableKeys(found)
      .filter((key) => message.payloadSignatures.some(({ keyIndex: signing }) => signing === key.index))
      .map(publicKeyOf),
    message: bytes,
    changes: [asAccountChange(change)],
    address: shownAddress(account),
  }
}
