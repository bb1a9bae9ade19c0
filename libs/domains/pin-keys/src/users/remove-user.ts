import { recordEvent } from '@strongroom/audit'
import { dropCodes } from '@strongroom/codes'
import { closeBudget } from '@strongroom/guesses'
import { implement, Refusal } from '@strongroom/http'
import { cancelLocks } from '@strongroom/time-locks'
import { limitedUntil, success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import { guessPin } from '../pins/guess-pin.ts'
import { holdEpoch } from '../pins/store.ts'
import { announce, findChangeLimit } from './announce.ts'
import { removeUser } from './contract.ts'
import type { UserDeps } from './create-user.ts'
import { userRemoved } from './events.ts'
import { nameUser } from './identify.ts'
import { dropCopyWithoutUsers, holdUser, markRemoved } from './store.ts'

/** Cancels every reset once more, in the transaction: one may have been armed since the PIN was proved. */
export const remove = implement<UserDeps>()(
  removeUser,
  async ({ params: { keyId, userId: address }, proof: pin }, deps) => {
    const { database, hsm, policies } = deps
    const pinEpoch = await guessPin(
      deps,
      { keyId, pin, purpose: 'remove-user' },
      async ({ request, locked, pinEpoch: epoch }) => ((await hsm.fitsLock(request, locked)) ? epoch : undefined),
    )
    if (pinEpoch instanceof Refusal) return pinEpoch
    const { finders, subject } = await nameUser(deps, keyId, address)
    return database.transaction(async (tx) => {
      if (!(await holdEpoch(tx, { keyId, pinEpoch }))) return invalidParams()
      const until = await findChangeLimit(tx, keyId)
      if (until) return limitedUntil(until)
      const user = await holdUser(tx, keyId, finders.all)
      if (user?.subject !== subject) return invalidParams()
      await announce(tx, { keyId, event: 'user-removed' })
      await markRemoved(tx, user.id)
      await cancelLocks(tx, policies.resets, keyId)
      await dropCodes(tx, policies.codes, subject)
      await tx.run(closeBudget(policies.codes.budget, subject))
      await dropCopyWithoutUsers(tx, keyId)
      await recordEvent(tx, userRemoved, { subject: keyId, detail: { user: user.id, channel: user.channel } })
      return success
    })
  },
)
