import { implement, Refusal, reply } from '@strongroom/http'
import { nameCaller } from '../accounts/caller.ts'
import { openText } from '../accounts/names.ts'
import { type Account, findAccount, placeOf } from '../accounts/store.ts'
import { maskEmail } from '../shares/mask.ts'
import { contactFrom, seeByContact } from './by-contact.ts'
import { getRecoveryEmail } from './contract.ts'
import type { RecoveryDeps } from './get-share.ts'

export const getEmail = implement<RecoveryDeps>()(
  getRecoveryEmail,
  async ({ proof: { login, did }, query, ip }, deps) => {
    if (login) {
      const caller = await nameCaller(deps, { login, did, contactMethod: contactFrom(query) })
      return caller instanceof Refusal ? caller : show(deps, caller.account)
    }
    const seen = await seeByContact(deps, query, ip)
    if (seen instanceof Refusal) return seen
    return show(deps, await findAccount(deps.database.reading, seen))
  },
)

async function show({ hsm }: RecoveryDeps, account: Account | undefined) {
  const envelope = account?.recoveryEmail
  const email =
    account && envelope ? await openText(hsm, placeOf(account), { purpose: 'recovery-email', envelope }) : undefined
  const masked = email === undefined ? null : maskEmail(email)
  return reply(200, { recoveryEmail: masked, maskedRecoveryEmail: masked })
}
