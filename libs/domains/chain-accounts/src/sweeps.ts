import { sweep } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { activation } from './accounts/activate.ts'
import { purgeChallenges } from './sign-in/store.ts'

export interface ForgetDeps {
  readonly database: Database
}

const HOUR = 3600

const forgotten = sweep<ForgetDeps>()({
  name: 'chain-accounts.forget',
  every: HOUR,
  async run({ database }) {
    await purgeChallenges(database)
  },
})

export const sweeps = [activation, forgotten]
