import type { Keystore } from '@strongroom/hsm'
import { readAccountKey } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { keepSale } from './ledger/sales.ts'

interface OperatorDeps {
  readonly database: Database
  readonly hsm: Keystore
}

/** What operators may do beside serving; each is in the audit log. */
export const operators = {
  /**
   * Keeps a sale in the embedded ledger, or gives it another owner: the account, `G…`, whose signers manage who is invited.
   * False for an id or an account that is none.
   */
  async keepSale(deps: OperatorDeps, sale: { readonly id: string; readonly owner: string }): Promise<boolean> {
    if (!/^[0-9A-Za-z_-]{1,64}$/.test(sale.id) || !readAccountKey(sale.owner)) return false
    await keepSale(deps, sale)
    return true
  },
}
