import { implement, Refusal, reply } from '@strongroom/http'
import { proveDevice } from '../devices/challenge.ts'
import { keyBytes } from '../devices/device-key.ts'
import { countActive, findDevice, insertDevice } from '../devices/store.ts'
import { type FaceDeps, matchFace } from '../faces/guess-face.ts'
import { findFace } from '../faces/store.ts'
import { announce } from '../users/announce.ts'
import { nameCaller } from '../users/caller.ts'
import { sealName, stampOf } from '../users/names.ts'
import { faceNeeded, foreignDevice, registerDevice, tooManyDevices } from './contract.ts'

const already = reply(200, { success: true, message: 'Device already registered' } as const)

/** In this order, so that one challenge serves the call without a face and the call with it. */
export const register = implement<FaceDeps>()(registerDevice, async ({ proof, body }, deps) => {
  const { database, hsm, policies } = deps
  const { device_id: deviceKey, signature, device_name: name } = body
  const user = await nameCaller(deps, proof.access)
  if (user instanceof Refusal) return user
  const answered = await proveDevice(deps, user, { deviceKey, signature })
  if (answered instanceof Refusal) return answered

  const key = keyBytes(deviceKey)
  const known = await findDevice(database, key)
  if (known && (known.userId !== user.id || !known.active)) return foreignDevice()
  if (known) return already
  const face = await findFace(database.reading, user.id)
  if (face?.registeredAt && !proof.face) {
    await answered.giveBack()
    return faceNeeded()
  }
  if (face?.registeredAt && proof.face) {
    const matched = await matchFace(deps, user, proof.face)
    if (matched !== 'passed') return matched
  }
  const [stamp, sealed] = await Promise.all([
    stampOf(hsm, user, { kind: 'device', name: deviceKey }),
    name === undefined ? undefined : sealName(hsm, user, { deviceKey, name }),
  ])
  return database.transaction(async (tx) => {
    if ((await countActive(tx, user.id)) >= policies.devices) return tooManyDevices()
    if (!(await insertDevice(tx, { key, userId: user.id, stamp, name: sealed }))) {
      // By another request, a moment ago: of the same user, or of another one.
      const now = await findDevice(tx, key)
      return now?.userId === user.id && now.active ? already : foreignDevice()
    }
    await announce(tx, policies, { userId: user.id, type: 'device.registered', detail: { device: deviceKey } })
    return reply(201, { success: true, message: 'Device registered successfully' })
  })
})
