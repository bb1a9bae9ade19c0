import { implement } from '@strongroom/http'
import { success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import type { UserDeps } from '../users/create-user.ts'
import { countSend, nameUser } from '../users/identify.ts'
import { askForCode } from '../users/request-code.ts'
import { findUser } from '../users/store.ts'
import { resetPin } from './contract.ts'

/** The contract demands 404 for a user who is not verified, so that this tells who is. */
export const reset = implement<UserDeps>()(
  resetPin,
  async ({ params: { keyId, userId: address } }, { database, hsm, policies, caps }) => {
    const [{ lookup, subject }, send] = await Promise.all([
      nameUser(hsm, keyId, address),
      countSend(hsm, address, caps),
    ])
    const user = await findUser(database.reading, keyId, lookup)
    if (!user?.verified) return invalidParams()
    return database.transaction(
      async (tx) =>
        (await askForCode(tx, policies, { keyId, userId: user.id, subject, purpose: 'reset-pin', send })) ?? success,
    )
  },
)
