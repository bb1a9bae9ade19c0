import { sweepCodes } from '@strongroom/codes'
import { sweep } from '@strongroom/jobs'
import { sweepSends } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { claimNotices, lapseLocks, type LockEvent, sweepLocks } from '@strongroom/time-locks'
import type { Policies } from '../policies.ts'
import { announce, type NoticeEvent } from '../users/announce.ts'
import { purgeDeliveries } from '../users/deliveries.ts'
import { purgeUsers } from '../users/store.ts'
import { purgeCompletions } from './store.ts'

export interface SweepDeps {
  readonly database: Database
  readonly policies: Policies
}

const BATCH = 200
const HOUR = 3600
const KEPT_FOR = 90 * 24 * HOUR

const noticeOf: Readonly<Record<LockEvent, NoticeEvent>> = {
  armed: 'reset-armed',
  'half-time': 'reset-half-time',
  open: 'reset-open',
  done: 'reset-done',
  cancelled: 'reset-cancelled',
  lapsed: 'reset-lapsed',
}

/** Makes messages of what is due; answers how many notices there were. */
export const announceDue = ({ database, policies }: SweepDeps): Promise<number> =>
  database.transaction(async (tx) => {
    const due = await claimNotices(tx, policies.resets, BATCH)
    for (const { subject: keyId, event, lockId, opensAt } of due) {
      await announce(tx, { keyId, event: noticeOf[event], lock: { id: lockId, opensAt } })
    }
    return due.length
  })

const notices = sweep<SweepDeps>()({
  name: 'pin-keys.announce-due',
  every: 2,
  async run(deps, signal) {
    await lapseLocks(deps.database, deps.policies.resets)
    while (!signal.aborted && (await announceDue(deps)) === BATCH);
  },
})

const forgotten = sweep<SweepDeps>()({
  name: 'pin-keys.forget',
  every: HOUR,
  async run({ database, policies }) {
    await sweepCodes(database, policies.codes)
    await sweepLocks(database, policies.resets, KEPT_FOR)
    await sweepSends(database)
    await purgeCompletions(database)
    await purgeDeliveries(database)
    await purgeUsers(database)
  },
})

export const sweeps = [notices, forgotten]
