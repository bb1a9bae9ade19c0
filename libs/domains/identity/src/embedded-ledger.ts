import { sql, type Tx } from '@strongroom/storage'
import { localLedger as ledgerOf, type LocalLedger, type LocalLedgerOptions } from './ledger/local-ledger.ts'

/** The ledger that needs nobody else, which forgets an account together with all that this domain keeps for it. */
export const localLedger = (options: Omit<LocalLedgerOptions, 'dropKept'>): LocalLedger =>
  ledgerOf({ ...options, dropKept })

/** Files in the object store stay there, under keys that nobody is told any more. */
async function dropKept(tx: Tx, account: string): Promise<void> {
  // The owner first, as whoever makes a blob holds it: one that is made at this moment goes with the others.
  await tx.run(sql`delete from identity.blob_owners where owner = ${account}`)
  await tx.run(sql`delete from identity.blobs where owner = ${account}`)
  await tx.run(sql`delete from identity.documents where owner = ${account}`)
  await tx.run(sql`delete from identity.settings where account_id = ${account}`)
  await tx.run(sql`delete from identity.stored_signers where account = ${account}`)
}
