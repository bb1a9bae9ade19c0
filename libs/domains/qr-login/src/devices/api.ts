import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { implement, reply } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import type { FindAccount, HoldAccount } from '../account.ts'
import type { Policies } from '../policies.ts'
import { nameDevice, pushAddress, sealAddress } from './address.ts'
import { accountMissing, deviceRefused, registerDevice, removeDevice } from './contract.ts'
import { deviceRegistered, deviceRemoved } from './events.ts'
import { dropDevice, dropOldest, queueRegistrations, saveDevice } from './store.ts'

export interface DeviceDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly findAccount: FindAccount
  readonly holdAccount: HoldAccount
  /** Whether a push to this address could be sent at all: `pushAddressCheck` of `@strongroom/notify`. */
  readonly isPushable: (to: string) => boolean
}

const done = reply(200, { success: true } as const)

const register = implement<DeviceDeps>()(registerDevice, async ({ proof: login, body: device }, deps) => {
  const { database, hsm, policies, findAccount, holdAccount, isPushable } = deps
  const account = await findAccount(login)
  if (!account) return accountMissing()
  if (!isPushable(pushAddress(device))) return deviceRefused()

  const place = { accountId: account.id, lookup: await nameDevice(hsm, account.id, device) }
  const address = await sealAddress(hsm, place, device)
  return database.transaction(async (tx) => {
    const subject = account.id
    await queueRegistrations(tx, subject)
    // With an account go its devices: one that is registered afterwards would stay.
    if (!(await holdAccount(tx, subject))) return accountMissing()
    if (await saveDevice(tx, { ...place, address })) {
      const detail = { device: toHex(place.lookup), kind: device.kind }
      await recordEvent(tx, deviceRegistered, { subject, detail })
    }
    for (const { lookup } of await dropOldest(tx, subject, policies.devices)) {
      await recordEvent(tx, deviceRemoved, { subject, detail: { device: toHex(lookup), reason: 'crowded' } })
    }
    return done
  })
})

const remove = implement<DeviceDeps>()(removeDevice, async ({ proof: login, body: device }, deps) => {
  const { database, hsm, findAccount } = deps
  const account = await findAccount(login)
  if (!account) return accountMissing()
  const lookup = await nameDevice(hsm, account.id, device)
  await database.transaction(async (tx) => {
    if (!(await dropDevice(tx, account.id, lookup))) return
    const detail = { device: toHex(lookup), reason: 'asked' } as const
    await recordEvent(tx, deviceRemoved, { subject: account.id, detail })
  })
  return done
})

export const deviceHandlers = [register, remove]
