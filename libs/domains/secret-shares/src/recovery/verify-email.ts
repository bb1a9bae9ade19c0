import { guessCode, useCode } from '@strongroom/codes'
import { Secret } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { announce, announceRefusal } from '../accounts/announce.ts'
import { nameCaller } from '../accounts/caller.ts'
import { tooManyRequests } from '../accounts/contract.ts'
import { holdRecord } from '../accounts/hold.ts'
import { openText, sealValue } from '../accounts/names.ts'
import { holdContact, placeOf } from '../accounts/store.ts'
import { maskEmail } from '../shares/mask.ts'
import type { ShareDeps } from '../shares/put-auth-share.ts'
import { RECOVERY_EMAIL } from './add-email.ts'
import { nothingPending, userKeyNotFound, verifyRecoveryEmail, wrongCode } from './contract.ts'
import { findPending, setRecoveryEmail, takePending } from './store.ts'

export const verifyEmail = implement<ShareDeps>()(verifyRecoveryEmail, async ({ proof, body }, deps) => {
  const { database, hsm, policies } = deps
  const caller = await nameCaller(deps, { ...proof, contactMethod: body.contactMethod })
  if (caller instanceof Refusal) return caller
  const { account } = caller
  if (!account) return userKeyNotFound()
  const { id: accountId } = account
  const pending = await findPending(database.reading, accountId)
  if (!pending) return nothingPending()

  const attempt = { subject: accountId, purpose: RECOVERY_EMAIL, code: new Secret(body.code) }
  const guessed = await guessCode({ database, hsm }, policies.recoveryEmailCodes, attempt)
  if (guessed.outcome === 'exhausted') {
    await database.transaction((tx) => announceRefusal(tx, account))
    return tooManyRequests()
  }
  // A code that was sent to an earlier address proves nothing of the newer one.
  if (guessed.outcome === 'wrong' || guessed.found !== pending.codeId) return wrongCode()

  const place = placeOf(account)
  const email = await openText(hsm, place, { purpose: 'pending-email', envelope: pending.email })
  const envelope = await sealValue(hsm, place, { purpose: 'recovery-email', value: email })
  return database.transaction(async (tx) => {
    // The record first, as wherever both are held: who moves or removes it comes from there.
    if (!(await holdContact(tx, account))) return wrongCode()
    if (!(await useCode(tx, pending.codeId)) || !(await takePending(tx, accountId, pending.codeId))) return wrongCode()
    await holdRecord(tx, { accountId, reason: 'changed', seconds: policies.hold })
    await setRecoveryEmail(tx, accountId, envelope)
    await announce(tx, account, 'recovery-email-changed')
    const masked = maskEmail(email)
    return reply(200, { success: true, maskedEmail: masked, maskedRecoveryEmail: masked })
  })
})
