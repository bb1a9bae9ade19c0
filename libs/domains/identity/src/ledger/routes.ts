import { info } from './get-info.ts'
import { keyValue } from './get-key-value.ts'
import { signers } from './get-signers.ts'
import { recoveryRequests } from './list-recovery-requests.ts'
import { submit } from './submit-transaction.ts'

/** What published clients ask of a Horizon, for who runs the embedded ledger: JSON:API. In the order of the contract. */
export const ledgerHandlers = [keyValue, signers, submit, recoveryRequests]

/** `GET /`, which is plain JSON, and so a mount of its own. */
export const ledgerInfoHandlers = [info]
