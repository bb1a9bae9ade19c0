import { horizonLedger, type Ledger, type LocalLedger, localLedger, ownLedgerKey } from '@strongroom/identity'
import type { Parts } from '@strongroom/service'
import type { settings } from './settings.ts'

type LedgerParts = Pick<Parts<typeof settings>, 'settings' | 'database' | 'hsm'>

/** A ledger elsewhere, where one is configured; else the one that is embedded, whose routes are served here. */
export function ledgersFrom(parts: LedgerParts): { readonly ledger: Ledger; readonly embedded?: LocalLedger } {
  const { settings: values, hsm } = parts
  const {
    LEDGER_URL: url,
    LEDGER_NETWORK_PASSPHRASE: networkPassphrase,
    LEDGER_MASTER_ACCOUNT: masterAccountId,
  } = values
  if (url !== undefined) {
    return { ledger: horizonLedger({ url, networkPassphrase, masterAccountId, ownKey: () => ownLedgerKey(hsm) }) }
  }
  const embedded = localLedger({ ...parts, networkPassphrase, masterAccountId, adminKeys: values.LEDGER_ADMIN_KEYS })
  return { ledger: embedded, embedded }
}
