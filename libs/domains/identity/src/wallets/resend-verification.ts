import { takeSend } from '@strongroom/notify'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import type { Policies } from '../policies.ts'
import { prepareMessage, type PreparedMessage, queueMessage } from './announce.ts'
import { openContents } from './contents.ts'
import { fieldRefused, notFound, requestVerification, tooMany } from './contract.ts'
import type { IdentityDeps } from './deps.ts'
import { nameMailbox, nameWallet, type Place } from './names.ts'
import { findWallet } from './store.ts'
import { tokenOfWallet, verificationLink } from './verification-link.ts'

/** The mail with the link, for a wallet whose id and address are known. */
export async function prepareVerification(
  { hsm, random, clientRouter }: Pick<IdentityDeps, 'hsm' | 'random' | 'clientRouter'>,
  wallet: Omit<Place, 'accountId'>,
  { walletId, email }: { walletId: string; email: string },
): Promise<PreparedMessage> {
  const token = await tokenOfWallet(hsm, wallet)
  const link = verificationLink(clientRouter, { walletId, token })
  return prepareMessage({ hsm, random }, { kind: 'verify-address', to: email, link })
}

/** Whether one more mail may go to that mailbox. */
export const takeMail = async (tx: Statements, { mailsPerDay }: Policies, mailbox: Uint8Array): Promise<boolean> => {
  const caps = { recipientPerDay: mailsPerDay.recipient, channelPerDay: mailsPerDay.inAll }
  return (await takeSend(tx, { channel: 'email', caps, recipient: mailbox })).taken
}

export const resend = implement<IdentityDeps>()(requestVerification, async ({ params, ip }, deps) => {
  const { database, hsm, limits, policies } = deps
  if (await limits.attempts.take(ip)) return tooMany()
  const wallet = await findWallet(deps, await nameWallet(hsm, params.walletId))
  if (!wallet) return notFound()
  if (wallet.verified) return fieldRefused({ meta: { field: '', error: 'the address is verified already' } })
  const { email } = await openContents(hsm, wallet)
  const [mailbox, message] = await Promise.all([
    nameMailbox(hsm, email),
    prepareVerification(deps, wallet, { walletId: params.walletId, email }),
  ])
  const done = await database.transaction(async (tx) => {
    const mayGo = (await queueMessage(tx, wallet.id, message)) && (await takeMail(tx, policies, mailbox))
    return mayGo ? reply(204, undefined) : tooMany()
  })
  return done instanceof Refusal ? done : reply(204, undefined)
})
