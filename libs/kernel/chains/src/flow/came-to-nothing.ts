import { toHex } from '@strongroom/crypto'
import type { AccessApi } from './access-api.ts'
import type { BareAddress } from './address.ts'
import { understand } from './decode.ts'
import { isSuccess } from './follow.ts'
import { GOOD_FOR_BLOCKS } from './settings.ts'

/** A payload that keys of an account signed, and the transactions that our payer made of it: it pays alone. */
export interface SignedPayload {
  readonly message: Uint8Array
  readonly hashes: readonly string[]
}

/**
 * Whether it never ran and never will, or failed. What is not proven is not said: while its number is not used it may run
 * until its blocks are over; once it is used, each transaction that it was paid in must be known to have failed.
 */
export async function cameToNothing(
  { api, payer }: { readonly api: AccessApi; readonly payer: BareAddress },
  { message, hashes }: SignedPayload,
): Promise<boolean> {
  const understood = understand(toHex(message), payer)
  if (understood?.message.form !== 'payload') return false
  const { proposer, referenceBlock } = understood.message.payload
  const [sealed, reference] = await Promise.all([api.sealedBlock(), api.block(referenceBlock)])
  const account = await api.accountAt(proposer.address, sealed.height)
  const key = account?.keys.find(({ index }) => index === proposer.keyIndex)
  if (!reference || !key) return false
  if (key.sequence_number <= proposer.sequenceNumber) return sealed.height > reference.height + GOOD_FOR_BLOCKS
  const results = await Promise.all(hashes.map((hash) => api.resultOf(hash)))
  return results.every((result) => result?.status === 'Sealed' && !isSuccess(result))
}
