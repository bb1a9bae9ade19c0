import { implement, Refusal, reply } from '@strongroom/http'
import { announce } from '../users/announce.ts'
import { nameCaller, type UserDeps } from '../users/caller.ts'
import { deviceNotRegistered, revokeDevice } from './contract.ts'
import { keyBytes } from './device-key.ts'
import { markRevoked } from './store.ts'

/** A device of somebody else is answered as one that does not exist. */
export const revoke = implement<UserDeps>()(revokeDevice, async ({ proof, params }, deps) => {
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const { device_verifying_key: deviceKey } = params
  return deps.database.transaction(async (tx) => {
    if (!(await markRevoked(tx, { key: keyBytes(deviceKey), userId: user.id }))) return deviceNotRegistered()
    await announce(tx, deps.policies, { userId: user.id, type: 'device.revoked', detail: { device: deviceKey } })
    return reply(200, { success: true, message: 'Device revoked successfully' })
  })
})
