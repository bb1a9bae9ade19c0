import { enqueue, perform } from '@strongroom/jobs'
import { implement, type Limiter, reply } from '@strongroom/http'
import type { Keystore } from '@strongroom/hsm'
import type { Sender } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { takeOf } from '../accounts/caller.ts'
import { readKeyData } from '../accounts/key-data.ts'
import { countKeys, findKeyById, findKeys } from '../accounts/keys-store.ts'
import { findAccount } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { isUserKey } from '../sign/signer.ts'
import { mayAnswer } from '../two-factor/destination.ts'
import { sendOnce } from '../two-factor/push.ts'
import { askRecovery } from './contract.ts'
import { pushRecovery } from './jobs.ts'
import { openWindow } from './store.ts'

export interface AskDeps {
  readonly database: Database
  readonly policies: Policies
  readonly requests: Limiter
  readonly newId: () => string
}

/** Answered alike whatever there is to recover, and however often it was asked. */
export const ask = implement<AskDeps>()(askRecovery, async ({ proof }, deps) => {
  const { database, policies, requests, newId } = deps
  const { accountId } = proof
  if (await takeOf(requests, proof)) return reply(204, undefined)
  const id = newId()
  const { recoveryWindow: window, recoveriesPerDay: perDay } = policies
  await database.transaction(async (tx) => {
    await countKeys(tx, accountId)
    if (!(await openWindow(tx, { id, accountId, window, perDay }))) return
    for (const key of (await findKeys(tx, accountId)).filter(isUserKey))
      await enqueue(tx, pushRecovery, { recoveryId: id, accountId, keyId: key.id })
  })
  return reply(204, undefined)
})

export interface RecoveryPushDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
  readonly policies: Pick<Policies, 'changeHold'>
}

export const recoveryPusher = perform<RecoveryPushDeps>()(pushRecovery, async (payload, deps) => {
  const { database, hsm, sender, policies } = deps
  const { recoveryId, accountId, keyId } = payload
  const account = await findAccount(database, accountId)
  const key = await findKeyById(database, keyId)
  if (!account || !key || !(await mayAnswer(hsm, account, key))) return
  const { device } = await readKeyData(hsm, account, key)
  if (!device?.pushToken) return
  const told = JSON.stringify({ recovery: { id: recoveryId } })
  const data = { 'hyphen:type': 'recovery-request', 'hyphen:data': told }
  const text = 'Somebody asks to recover your account. If it was not you, cancel it now.'
  const [id, to] = [`${recoveryId}.${keyId}`, `fcm:${device.pushToken}`]
  const keepSeconds = policies.changeHold
  await sendOnce(sender, { id, channel: 'push', to, subject: 'Your account', text, data, keepSeconds })
})
