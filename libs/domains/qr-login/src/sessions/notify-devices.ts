import { recordEvent } from '@strongroom/audit'
import { implement, reply } from '@strongroom/http'
import type { FindAccount } from '../account.ts'
import { type TellDeps, tellDevices } from '../devices/tell-devices.ts'
import { notifyDevices, sessionMissing } from './contract.ts'
import type { RelayDeps } from './create-session.ts'
import { devicesNotified } from './events.ts'
import { readSessionId } from './rules.ts'

export interface NoticeDeps extends RelayDeps, TellDeps {
  readonly findAccount: FindAccount
}

const nothingSent = reply(200, { sent: false, deviceCount: 0 })

export const notify = implement<NoticeDeps>()(notifyDevices, async ({ proof: login, body }, deps) => {
  const { database, sessions, policies, findAccount } = deps
  const { shortCode } = body
  const id = readSessionId(body.sessionId)
  const session = id ? await sessions.find(id) : undefined
  // A push for a session that nobody opened would be phishing with our name on it.
  if (!id || session?.status !== 'pending') return sessionMissing()
  // Counted before the code is compared: whoever knows the id alone has three guesses.
  if (!(await sessions.hit(`notify/${id}`, policies.notices))) return nothingSent
  if (session.shortCode !== shortCode) return sessionMissing()
  const account = await findAccount(login)
  if (!account) return nothingSent

  const told = await tellDevices(deps, account.id, {
    id,
    subject: 'New Device Login Request',
    text: 'Another device is requesting access to your account. Tap to approve.',
    data: {
      type: 'DEVICE_LINK_REQUEST',
      metadata: JSON.stringify({ sessionId: id, shortCode }),
      // FCM keeps the name `from` for itself.
      fromDid: account.did,
      toDid: account.did,
    },
  })
  if (told.devices > 0) {
    await recordEvent(database, devicesNotified, { subject: account.id, detail: { session: id, ...told } })
  }
  return reply(200, { sent: told.told > 0, deviceCount: told.told })
})
