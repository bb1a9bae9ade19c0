import { takeSend } from '@strongroom/notify'
import type { Statements } from '@strongroom/storage'
import type { Policies } from '../policies.ts'
import { prepareMessage, type PreparedMessage } from './announce.ts'
import type { IdentityDeps } from './deps.ts'
import type { Place } from './names.ts'
import { tokenOfWallet, verificationLink } from './verification-link.ts'

interface Addressed {
  /** The web client that the link leads to. */
  readonly router: URL
  readonly walletId: string
  readonly email: string
}

/** The mail with the link, for a wallet whose id and address are known. */
export async function prepareVerification(
  { hsm, random }: Pick<IdentityDeps, 'hsm' | 'random'>,
  wallet: Omit<Place, 'accountId'>,
  { router, walletId, email }: Addressed,
): Promise<PreparedMessage> {
  const token = await tokenOfWallet(hsm, wallet)
  const link = verificationLink(router, { walletId, token })
  return prepareMessage({ hsm, random }, { kind: 'verify-address', to: email, link })
}

/** Whether one more mail may go to that mailbox. */
export const takeMail = async (tx: Statements, { mailsPerDay }: Policies, mailbox: Uint8Array): Promise<boolean> => {
  const caps = { recipientPerDay: mailsPerDay.recipient, channelPerDay: mailsPerDay.inAll }
  return (await takeSend(tx, { channel: 'email', caps, recipient: mailbox })).taken
}
