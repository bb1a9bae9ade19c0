import { recordEvent } from '@strongroom/audit'
import { dropCodes, requestCode } from '@strongroom/codes'
import { implement, Refusal, reply } from '@strongroom/http'
import { takeSend } from '@strongroom/notify'
import { keepBudget } from '@strongroom/guesses'
import { nameCaller } from '../accounts/caller.ts'
import { keyNotFound, tooManyRequests } from '../accounts/contract.ts'
import { recoveryEmailAsked } from '../accounts/events.ts'
import { isSameContact, nameMailbox, sealValue } from '../accounts/names.ts'
import { holdContact, placeOf } from '../accounts/store.ts'
import { addRecoveryEmail, mailNotSent, sameEmail } from './contract.ts'
import { mailCode, type MailDeps } from './mail-code.ts'
import { putPending } from './store.ts'

export const RECOVERY_EMAIL = 'recovery-email'

export const addEmail = implement<MailDeps>()(addRecoveryEmail, async ({ proof, body, headers }, deps) => {
  const { database, hsm, policies } = deps
  const { email, contactMethod } = body
  const caller = await nameCaller(deps, { ...proof, contactMethod })
  if (caller instanceof Refusal) return caller
  const { account, contact } = caller
  if (!account) return keyNotFound()
  if (isSameContact(contact, { type: 'email', value: email })) return sameEmail()

  const { id: accountId } = account
  const [recipient, envelope] = await Promise.all([
    nameMailbox(hsm, email),
    sealValue(hsm, placeOf(account), { purpose: 'pending-email', value: email }),
  ])
  const { recipient: recipientPerDay, inAll: channelPerDay } = policies.codeMailsPerDay
  const asked = await database.transaction(async (tx) => {
    await tx.run(keepBudget(policies.recoveryEmailCodes.budget, accountId))
    // Asked for at once, two codes would both stay alive: requests for one record queue up here.
    if (!(await holdContact(tx, account))) return keyNotFound()
    // A right older code would give back the guesses at this one.
    await dropCodes(tx, policies.recoveryEmailCodes, accountId)
    const wish = { subject: accountId, group: accountId, purpose: RECOVERY_EMAIL }
    const requested = await requestCode(tx, policies.recoveryEmailCodes, wish)
    if ('refusedUntil' in requested) return tooManyRequests()
    const { codeId } = requested
    await putPending(tx, { accountId, codeId, email: envelope })
    await recordEvent(tx, recoveryEmailAsked, { subject: accountId, detail: { code: codeId } })
    const taken = await takeSend(tx, { channel: 'email', caps: { recipientPerDay, channelPerDay }, recipient })
    return taken.taken ? codeId : tooManyRequests()
  })
  if (asked instanceof Refusal) return asked
  const mail = { policy: policies.recoveryEmailCodes, codeId: asked, to: email, tenant: headers['x-tenant-id'] }
  const outcome = await mailCode(deps, { ...mail, minutes: 15 })
  return outcome === 'sent' ? reply(200, { success: true }) : mailNotSent()
})
