import { sweep } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { activation } from './accounts/activate.ts'
import { purgeMakings } from './passkeys/store.ts'
import type { Policies } from './policies.ts'
import { purgeRelayed } from './sign/forget-relayed.ts'
import { purgeChallenges } from './sign-in/store.ts'

export interface ForgetDeps {
  readonly database: Database
  readonly policies: Pick<Policies, 'transactionsKept'>
}

const HOUR = 3600

const forgotten = sweep<ForgetDeps>()({
  name: 'chain-accounts.forget',
  every: HOUR,
  async run({ database, policies }) {
    await purgeChallenges(database)
    await purgeMakings(database)
    await purgeRelayed(database, policies.transactionsKept)
  },
})

export const sweeps = [activation, forgotten]
