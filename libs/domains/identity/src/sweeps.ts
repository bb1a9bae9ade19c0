import { sweepCodes } from '@strongroom/codes'
import { sweep } from '@strongroom/jobs'
import { sweepSends } from '@strongroom/notify'
import { sweepSeenSignatures } from '@strongroom/proofs'
import { creationFinisher } from './access/finish-creation.ts'
import { purgeTokens } from './factors/tokens.ts'
import { inviteSweeps } from './invites/index.ts'
import { purgeSessions } from './sessions/store.ts'
import { changeFinisher } from './updates/finish-change.ts'
import { shredHolds } from './updates/holds.ts'
import { purgeAddressChanges } from './updates/store.ts'
import { purgeProvenAddresses } from './wallets/address-tokens.ts'
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
    // Together: a name that is left behind would be nobody's, and taken.
    await database.transaction(async (tx) => {
      const unasked = await purgeAddressChanges(tx, policies.unverifiedKept)
      for (const { walletId } of [...(await shredHolds(tx)), ...unasked]) await freeNames(tx, walletId)
    })
    await purgeSessions(database)
    await purgeTokens(database)
    await purgeMessages(database)
    await purgeProvenAddresses(database, policies)
    await sweepCodes(database, policies.factors.codes)
    await sweepSends(database)
    await sweepSeenSignatures(database)
  },
})

export const sweeps = [creationFinisher, changeFinisher, forgotten, ...inviteSweeps]
