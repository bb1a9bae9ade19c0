import { implement, Refusal, reply } from '@strongroom/http'
import { clientRouterOf } from '../settings/client-domain.ts'
import { queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import { fieldRefused, notFound, requestVerification, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameMailbox, nameWallet } from '../wallets/names.ts'
import { findWallet } from '../wallets/store.ts'
import { prepareVerification, takeMail } from '../wallets/verification-mail.ts'

export const resend = implement<IdentityDeps>()(requestVerification, async ({ params, ip }, deps) => {
  const { database, hsm, limits, policies } = deps
  if (await limits.attempts.take(ip)) return tooMany()
  const wallet = await findWallet(deps, await nameWallet(hsm, params.walletId))
  if (!wallet) return notFound()
  if (wallet.verified) return fieldRefused({ meta: { field: '', error: 'the address is verified already' } })
  const { email } = await openContents(hsm, wallet)
  const router = await clientRouterOf(deps, wallet.accountId)
  const [mailbox, message] = await Promise.all([
    nameMailbox(hsm, email),
    prepareVerification(deps, wallet, { router, walletId: params.walletId, email }),
  ])
  const done = await database.transaction(async (tx) => {
    const mayGo = (await queueMessage(tx, wallet.id, message)) && (await takeMail(tx, policies, mailbox))
    return mayGo ? reply(204, undefined) : tooMany()
  })
  return done instanceof Refusal ? done : reply(204, undefined)
})
