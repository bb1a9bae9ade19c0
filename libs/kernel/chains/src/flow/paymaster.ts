import type { Charge } from '../chain.ts'
import { shownAddress } from './address.ts'
import type { FlowDeps } from './advance.ts'
import { decodeRequest, understand } from './decode.ts'
import { isEnough } from './keys.ts'
import { payloadMessage, transactionId } from './message.ts'
import { charge } from './store.ts'

export interface PayerSignature {
  readonly address: string
  readonly keyIndex: number
  /** r and s, 64 bytes. */
  readonly signature: Uint8Array
  /** Of the transaction that comes of it, if it is sent: 64 hexadecimal digits. */
  readonly hash: string
}

/** Nothing is paid that could not run: the account’s own signatures are checked before the app is charged. */
export async function signAsPayer(
  { api, payer, database, name, setting }: FlowDeps,
  envelope: unknown,
  { appId }: Charge,
): Promise<PayerSignature | undefined> {
  const understood = understand(envelope, payer.address)
  if (understood?.message.form !== 'envelope') return undefined
  const { payload, payloadSignatures } = understood.message
  if (!(await decodeRequest({ api, payer: payer.address }, envelope))) return undefined
  const account = await api.accountAt(understood.account, 'sealed')
  if (!account || !isEnough(account, payloadMessage(payload), payloadSignatures)) return undefined
  if (!(await charge(database, { chain: name, appId, most: setting.transactionsPerDay }))) return undefined
  const signature = await payer.sign(understood.bytes)
  const { address, keyIndex } = payer
  const hash = transactionId(payload, { payload: payloadSignatures, envelope: [{ address, keyIndex, signature }] })
  return { address: shownAddress(address), keyIndex, signature, hash }
}
