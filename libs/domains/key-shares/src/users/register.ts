import { openBudget } from '@strongroom/guesses'
import { implement, reply } from '@strongroom/http'
import { announce } from './announce.ts'
import { takeRequest, type UserDeps } from './caller.ts'
import { registerUser, userDisabled } from './contract.ts'
import { nameUser } from './names.ts'
import { findUser, insertUser } from './store.ts'

export const register = implement<UserDeps>()(registerUser, async ({ proof: access }, deps) => {
  const { database, hsm, policies, newId } = deps
  const lookup = await nameUser(hsm, access)
  const limited = await takeRequest(deps.requests, lookup)
  if (limited) return limited
  const known = await findUser(database.reading, lookup)
  const id = known?.id ?? newId()
  const made =
    !known &&
    (await database.transaction(async (tx) => {
      if (!(await insertUser(tx, { id, lookup }))) return false
      await tx.run(openBudget(policies.faces, id))
      await announce(tx, policies, { userId: id, type: 'user.registered' })
      return true
    }))
  if (made) return reply(201, { success: true, message: 'User registered successfully', user_id: id })
  const user = known ?? (await findUser(database, lookup))
  if (!user) throw new Error('a user was neither inserted nor found')
  return user.disabled
    ? userDisabled()
    : reply(200, { success: true, message: 'User already registered', user_id: user.id })
})
