import { sweepCodes } from '@strongroom/codes'
import { sweep } from '@strongroom/jobs'
import { sweepSends } from '@strongroom/notify'
import { sweepSeenSignatures } from '@strongroom/proofs'
import { creationFinisher } from './access/finish-creation.ts'
import { purgeTokens } from './factors/tokens.ts'
import { purgeSessions } from './sessions/store.ts'
import { changeFinisher } from './updates/finish-change.ts'
import { shredHolds } from './updates/holds.ts'
import { purgeAddressChanges } from './updates/store.ts'
import { purgeMessages } from './wallets/deliver.ts'
import type { IdentityDeps } from './wallets/deps.ts'
import { purgeUnverified } from './wallets/purge-unverified.ts'
import { freeNames } from './wallets/store.ts'

export type SweepDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'policies' | 'clientRouter'>

const HOUR = 3600

const forgotten = sweep<SweepDeps>()({
  name: 'identity.forget',
  every: HOUR,
  async run({ database, ledger, policies }) {
    await purgeUnverified({ database, ledger, policies })
    const shredded = await shredHolds(database)
    const unasked = await purgeAddressChanges(database, policies.unverifiedKept)
    for (const { walletId } of [...shredded, ...unasked]) await freeNames(database, walletId)
    await purgeSessions(database)
    await purgeTokens(database)
    await purgeMessages(database)
    await sweepCodes(database, policies.factors.codes)
    await sweepSends(database)
    await sweepSeenSignatures(database)
  },
})

export const sweeps = [creationFinisher, changeFinisher, forgotten]
