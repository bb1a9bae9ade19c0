import { implement, Refusal, reply } from '@strongroom/http'
import { nameCaller, timestamp, type UserDeps } from '../users/caller.ts'
import { openName } from '../users/names.ts'
import { listDevices } from './contract.ts'
import { keyHex } from './device-key.ts'
import { findDevices } from './store.ts'

export const list = implement<UserDeps>()(listDevices, async ({ proof }, deps) => {
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const devices = await findDevices(deps.database.reading, user.id)
  return reply(200, {
    devices: await Promise.all(
      devices.map(async ({ key, name, active, createdAt }) => {
        const deviceKey = keyHex(key)
        return {
          device_verifying_key: deviceKey,
          device_name: name && (await openName(deps.hsm, user, { deviceKey, name })),
          is_active: active,
          created_at: timestamp(createdAt),
        }
      }),
    ),
  })
})
