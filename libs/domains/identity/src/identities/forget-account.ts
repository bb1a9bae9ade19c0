import { isOutage } from '@strongroom/http'
import type { Ledger } from '../ledger/ledger.ts'

/** An account that no identity names: where the ledger is away it stays there, of use to nobody. */
export async function forgetAccount(ledger: Ledger, account: string): Promise<void> {
  try {
    await ledger.forgetAccount(account)
  } catch (error) {
    if (!isOutage(error)) throw error
  }
}
