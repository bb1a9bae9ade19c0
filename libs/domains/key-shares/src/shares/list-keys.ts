import { implement, Refusal, reply } from '@strongroom/http'
import { nameCaller, timestamp, type UserDeps } from '../users/caller.ts'
import { listKeys } from './contract.ts'
import { findKeys } from './store.ts'

export const list = implement<UserDeps>()(listKeys, async ({ proof }, deps) => {
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const keys = await findKeys(deps.database.reading, user.id)
  return reply(200, {
    keys: keys.map(({ keyId, createdAt, backedUpAt }) => ({
      key_id: keyId,
      created_at: timestamp(createdAt),
      ...(backedUpAt && { backup: { created_at: timestamp(backedUpAt) } }),
    })),
  })
})
