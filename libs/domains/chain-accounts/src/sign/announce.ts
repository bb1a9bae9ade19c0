import { enqueue, perform, sweep } from '@strongroom/jobs'
import type { Keystore } from '@strongroom/hsm'
import type { Sender } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { claimNotices, lapseLocks, type LockEvent, sweepLocks } from '@strongroom/time-locks'
import { readKeyData } from '../accounts/key-data.ts'
import { findKeyById, findKeys } from '../accounts/keys-store.ts'
import { findAccount } from '../accounts/store.ts'
import type { Policies } from '../policies.ts'
import { mayAnswer } from '../two-factor/destination.ts'
import { sendOnce } from '../two-factor/push.ts'
import { holdPolicy, readSubject } from './holds.ts'
import { pushHold } from './jobs.ts'
import { isUserKey } from './signer.ts'
import { lapseChanges } from './store.ts'

export interface AnnounceDeps {
  readonly database: Database
  readonly policies: Policies
}

const BATCH = 200
const KEPT_FOR = 90 * 86_400

/** Makes messages to every device of what is due; answers how many notices there were. */
export const announceDue = ({ database, policies }: AnnounceDeps): Promise<number> =>
  database.transaction(async (tx) => {
    const due = await claimNotices(tx, holdPolicy(policies), BATCH)
    for (const { lockId, subject, event } of due) {
      const accountId = readSubject(subject)?.accountId
      const keys = accountId === undefined ? [] : await findKeys(tx, accountId)
      for (const { id: keyId, ...key } of keys.filter(isUserKey))
        await enqueue(tx, pushHold, { lockId, accountId: key.accountId, keyId, event })
    }
    return due.length
  })

export const notices = sweep<AnnounceDeps>()({
  name: 'chain-accounts.announce-holds',
  every: 2,
  async run(deps, signal) {
    const policy = holdPolicy(deps.policies)
    await lapseLocks(deps.database, policy)
    await lapseChanges(deps.database)
    while (!signal.aborted && (await announceDue(deps)) === BATCH);
  },
})

export const forgetHolds = sweep<AnnounceDeps>()({
  name: 'chain-accounts.forget-holds',
  every: 3600,
  run: async ({ database, policies }) => void (await sweepLocks(database, holdPolicy(policies), KEPT_FOR)),
})

const words: Readonly<Record<LockEvent, string>> = {
  armed: 'A change of your account’s keys was asked for. If it was not you, cancel it now.',
  'half-time': 'A change of your account’s keys waits. If it was not you, cancel it now.',
  open: 'A change of your account’s keys can be made from now on. If it was not you, cancel it now.',
  done: 'A change of your account’s keys was made.',
  cancelled: 'A change of your account’s keys was cancelled.',
  lapsed: 'A change of your account’s keys was not made in time, and is off.',
}

export interface HoldPushDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
  readonly policies: Pick<Policies, 'changeHold'>
}

export const holdPusher = perform<HoldPushDeps>()(pushHold, async ({ lockId, accountId, keyId, event }, deps) => {
  const { database, hsm, sender, policies } = deps
  const account = await findAccount(database, accountId)
  const key = await findKeyById(database, keyId)
  if (!account || !key || !(await mayAnswer(hsm, account, key))) return
  const { device } = await readKeyData(hsm, account, key)
  if (!device?.pushToken) return
  const data = { 'hyphen:type': 'account-change', 'hyphen:data': JSON.stringify({ accountChange: { lockId, event } }) }
  const [id, to] = [`${lockId}.${keyId}.${event}`, `fcm:${device.pushToken}`]
  // A phone that is off when it is told is on before the hold is over.
  const keepSeconds = policies.changeHold
  await sendOnce(sender, { id, channel: 'push', to, subject: 'Your account', text: words[event], data, keepSeconds })
})
