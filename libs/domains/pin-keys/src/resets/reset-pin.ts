import { implement } from '@strongroom/http'
import { prolongBlocked } from '@strongroom/time-locks'
import { success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import type { UserDeps } from '../users/create-user.ts'
import { countResetSend, nameUser } from '../users/identify.ts'
import { askForCode } from '../users/request-code.ts'
import { resetPin } from './contract.ts'

/** The contract demands 404 for a user who is not verified, so that this tells who is. */
export const reset = implement<UserDeps>()(
  resetPin,
  async ({ params: { keyId, userId: address } }, { database, hsm, policies }) => {
    const [{ known: user, subject }, send] = await Promise.all([
      nameUser({ database, hsm }, keyId, address),
      countResetSend(hsm, address),
    ])
    if (!user?.verified) return invalidParams()
    const wish = { keyId, userId: user.id, subject, purpose: 'reset-pin', send } as const
    const refused = await database.transaction((tx) => askForCode(tx, policies, wish))
    if (!refused) return success
    // Whoever uses up what the owner is sent must not also run out the owner's window.
    const until = new Date(String(refused.details['delay']))
    await prolongBlocked(database, policies.resets, { subject: keyId, holder: subject, until })
    return refused
  },
)
