import { Refusal } from '@strongroom/http'
import { perform, sweep } from '@strongroom/jobs'
import { findIdentity } from '../identities/store.ts'
import { deliverInvites } from '../jobs.ts'
import { clientRouterOf } from '../settings/client-domain.ts'
import { tokenOfAddress } from '../wallets/address-tokens.ts'
import { prepareMessage, queueToAddress } from '../wallets/announce.ts'
import { tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameMailbox } from '../wallets/names.ts'
import { takeMail } from '../wallets/verification-mail.ts'
import { inviteLink, openEmail } from './names.ts'
import { findWaiting, markDelivered, purgeInvites, queueWaiting } from './store.ts'

type DeliverDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'policies' | 'clientRouter'>

/** Each once. Where the mailbox had its mails for today, the rest waits. */
export const inviteDeliverer = perform<DeliverDeps>()(deliverInvites, async ({ identityId }, deps) => {
  const { database, hsm, policies } = deps
  const { email: contact, address } = (await findIdentity(deps, { id: identityId })) ?? {}
  if (!contact || address === undefined) return
  const [token, router] = await Promise.all([tokenOfAddress(deps, contact), clientRouterOf(deps, address)])
  for (const invite of await findWaiting(database, contact)) {
    const email = await openEmail(hsm, invite)
    const message = await prepareMessage(deps, {
      kind: 'invited',
      to: email,
      link: inviteLink(router, { email, token }),
    })
    const mailbox = await nameMailbox(hsm, email)
    const queued = await database.transaction(async (tx) => {
      if (!(await markDelivered(tx, invite.id))) return 'done'
      await queueToAddress(tx, message)
      return (await takeMail(tx, policies, mailbox)) ? 'queued' : tooMany()
    })
    if (queued instanceof Refusal) return
  }
})

const HOUR = 3600

export const inviteSweep = sweep<Pick<IdentityDeps, 'database'>>()({
  name: 'identity.invite',
  every: HOUR,
  async run({ database }) {
    await purgeInvites(database)
    await queueWaiting(database)
  },
})
