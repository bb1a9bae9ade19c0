import { implement, Refusal } from '@strongroom/http'
import { success } from '../pins/answers.ts'
import { guessPin } from '../pins/guess-pin.ts'
import type { UserDeps } from '../users/create-user.ts'
import { cancelReset } from './contract.ts'

/** A right PIN cancels every reset of the key, on this route as on any other. */
export const cancel = implement<UserDeps>()(cancelReset, async ({ params: { keyId }, proof: pin }, deps) => {
  const proved = await guessPin(deps, { keyId, pin, purpose: 'cancel-reset' }, async ({ request, locked }) =>
    (await deps.hsm.fitsLock(request, locked)) ? true : undefined,
  )
  return proved instanceof Refusal ? proved : success
})
