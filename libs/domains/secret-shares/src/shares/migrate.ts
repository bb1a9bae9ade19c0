import { implement, Refusal, reply } from '@strongroom/http'
import { type CallerDeps, nameCaller } from '../accounts/caller.ts'
import { markMigrated } from './contract.ts'
import { noteMigrated } from './store.ts'

/** Nothing to note for who has no record: the original answers alike. */
export const migrate = implement<CallerDeps>()(markMigrated, async ({ proof, body: { contactMethod } }, deps) => {
  const caller = await nameCaller(deps, { ...proof, contactMethod })
  if (caller instanceof Refusal) return caller
  if (caller.account) await noteMigrated(deps.database, caller.account.id)
  return reply(200, { success: true })
})
