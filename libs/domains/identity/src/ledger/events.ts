import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

// The subject is the account, `G…`, which is public.

const version = z.object({ version: z.uuid(), signers: z.int() })
const recovery = z.object({ recovery: z.int() })

export const accountCreated = securityEvent('identity.ledger-account-created', version)
export const accountForgotten = securityEvent('identity.ledger-account-forgotten', z.object({}))
/** Its signers, or what waits to become so. */
export const accountChanged = securityEvent('identity.ledger-account-changed', version)
export const transactionApplied = securityEvent('identity.ledger-transaction-applied', z.object({ hash: z.string() }))
export const recoveryEnded = securityEvent('identity.ledger-recovery-ended', recovery.extend({ end: z.string() }))
/** A row that nobody wrote through this service, told once a process: it counts for nothing. */
export const rowForged = securityEvent('identity.ledger-row-forged', z.object({ kind: z.string(), row: z.string() }))
/** By an operator: its owner manages who is invited to it. */
export const saleKept = securityEvent('identity.ledger-sale-kept', z.object({ sale: z.string() }))
