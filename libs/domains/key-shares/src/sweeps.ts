import { sweep } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { purgeChallenges } from './devices/store.ts'
import { purgeScans } from './faces/store.ts'
import { purgeKeygens } from './hooks/store.ts'
import type { Policies } from './policies.ts'
import { purgeBackups } from './shares/store.ts'
import { purgeEvents } from './users/send-event.ts'

export interface SweepDeps {
  readonly database: Database
  readonly policies: Policies
}

const HOUR = 3600

const forgotten = sweep<SweepDeps>()({
  name: 'key-shares.forget',
  every: HOUR,
  async run({ database, policies }) {
    await purgeChallenges(database)
    await purgeKeygens(database)
    await purgeScans(database, policies.scansKept)
    await purgeBackups(database, policies.versionsKept)
    await purgeEvents(database)
  },
})

export const sweeps = [forgotten]
