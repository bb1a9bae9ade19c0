import { sweepCodes } from '@strongroom/codes'
import { sweep } from '@strongroom/jobs'
import { sweepSends } from '@strongroom/notify'
import { sweepChallenges } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { claimNotices, lapseLocks, sweepLocks } from '@strongroom/time-locks'
import { announce } from './accounts/announce.ts'
import { purgeNotices } from './accounts/deliver.ts'
import { shredHeld } from './accounts/hold.ts'
import { upgradeFinisher } from './contacts/finish-upgrade.ts'
import type { Policies } from './policies.ts'
import { purgePending } from './recovery/store.ts'

export interface SweepDeps {
  readonly database: Database
  readonly policies: Policies
}

const BATCH = 200
const HOUR = 3600
const KEPT_FOR = 90 * 24 * HOUR

/** Makes messages of what is due. That it was armed, and that it is done, was told when it happened. */
const announceDue = ({ database, policies }: SweepDeps): Promise<number> =>
  database.transaction(async (tx) => {
    const due = await claimNotices(tx, policies.startOver, BATCH)
    for (const { subject: id, event } of due) {
      if (event !== 'done' && event !== 'armed') await announce(tx, { id }, `start-over-${event}`)
    }
    return due.length
  })

const notices = sweep<SweepDeps>()({
  name: 'secret-shares.announce-due',
  every: 2,
  async run(deps, signal) {
    await lapseLocks(deps.database, deps.policies.startOver)
    while (!signal.aborted && (await announceDue(deps)) === BATCH);
  },
})

const forgotten = sweep<SweepDeps>()({
  name: 'secret-shares.forget',
  every: HOUR,
  async run({ database, policies }) {
    await shredHeld(database)
    await sweepCodes(database, policies.recoveryEmailCodes)
    await sweepCodes(database, policies.loginCodes)
    await sweepLocks(database, policies.startOver, KEPT_FOR)
    await sweepChallenges(database)
    await sweepSends(database)
    await purgePending(database)
    await purgeNotices(database)
  },
})

export const sweeps = [notices, forgotten, upgradeFinisher]
