import { implement, reply } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { LONGEST_VALIDITY } from './apply.ts'
import { getLedgerInfo } from './contract.ts'
import type { Ledger } from './ledger.ts'
import { ledgerTime } from './store.ts'

export const info = implement<{ ledger: Ledger; database: Database }>()(
  getLedgerInfo,
  async (_, { ledger, database }) => {
    const { networkPassphrase, masterAccountId } = await ledger.info()
    return reply(200, {
      network_passphrase: networkPassphrase,
      master_account_id: masterAccountId,
      tx_expiration_period: Number(LONGEST_VALIDITY),
      current_time: await ledgerTime(database.reading),
      precision: 1_000_000,
    })
  },
)
