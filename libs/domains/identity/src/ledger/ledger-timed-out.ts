import { LedgerUnavailable } from './ledger.ts'

/** The ledger took the transaction and did not say in time what came of it: it may be applied yet. */
export class LedgerTimedOut extends LedgerUnavailable {}
