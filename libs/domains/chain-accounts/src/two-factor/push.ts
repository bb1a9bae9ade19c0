import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { type Sender, Undeliverable } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { readKeyData } from '../accounts/key-data.ts'
import { findKeyById } from '../accounts/keys-store.ts'
import { findAccount } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { mayAnswer } from './destination.ts'
import { pushRequest } from './jobs.ts'
import { pushData } from './push-data.ts'
import { readAsked, requestView } from './request.ts'
import { findRequest, wasLetIn } from './store.ts'

export interface PushDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
  readonly policies: Pick<Policies, 'changeHold'>
}

const asks = ['2fa-request', 'A new device asks to sign in to your account.'] as const
const cameIn = [
  '2fa-status-change',
  'A new device was let in to your account. If it was not you, remove it now.',
] as const
const answered = ['2fa-status-change', 'Your request was answered.'] as const

/** A message that would come too late, or for nobody, is not sent. */
export const requestPusher = perform<PushDeps>()(pushRequest, async ({ requestId, accountId, keyId }, deps) => {
  const { database, hsm, sender, policies } = deps
  const row = await findRequest(database, { id: requestId, accountId })
  const account = await findAccount(database, accountId)
  const key = await findKeyById(database, keyId)
  if (!row || !account || key?.accountId !== accountId || key.state === 'revoked') return
  const asked = await readAsked(deps, account, row)
  if (!asked) return
  const isAsker = key.id === asked.source.id
  const state = row.state === 'finished' ? 'approved' : row.state
  if (!isAsker && !(await mayAnswer(hsm, account, key))) return
  // The chain let it in, whatever was answered here: they are told all the more.
  const isIn = asked.source.state === 'active' || (row.state === 'denied' && (await wasLetIn(database, row.id)))
  if (!isAsker && !isIn && state !== 'pending') return
  const { device } = await readKeyData(hsm, account, key)
  if (!device?.pushToken) return
  const view = await requestView(deps, account, asked)
  const isTold = isIn && !isAsker
  const [type, text] = isAsker ? answered : isIn ? cameIn : asks
  const data = { 'hyphen:type': type, 'hyphen:data': pushData(view) }
  const to = `fcm:${device.pushToken}`
  await sendOnce(sender, {
    id: `${requestId}.${keyId}.${isTold ? 'in' : state}`,
    channel: 'push',
    to,
    subject: 'Sign-in',
    text,
    data,
    // A request is over in three minutes, but who is in stays.
    ...(isTold && { keepSeconds: policies.changeHold }),
  })
})

/** Trying again brings a device back that is gone as little as one whose address is none. */
export async function sendOnce(sender: Sender, message: Parameters<Sender['send']>[0]): Promise<void> {
  try {
    await sender.send(message)
  } catch (error) {
    if (!(error instanceof Undeliverable)) throw error
  }
}
