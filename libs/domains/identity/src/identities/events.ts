import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

// The subject is the account, `G…`, which is public.

const nothing = z.object({})
const byKey = z.object({ key: z.string() })

/** Of an account that is nobody's. */
export const identityMade = securityEvent('identity.identity-made', z.object({ by: z.enum(['email', 'phone']) }))
export const identityDeleted = securityEvent('identity.identity-deleted', byKey)
/** Whoever verified the address, or proved the number, was given the account that was made for it. */
export const accountAdopted = securityEvent('identity.account-adopted', z.object({ wallet: z.uuid() }))
export const accountHandedOver = securityEvent('identity.account-handed-over', z.object({ to: z.string() }))
export const accountMade = securityEvent('identity.account-made', nothing)
export const signerAdded = securityEvent('identity.signer-added', z.object({ key: z.string(), signer: z.string() }))
export const identifierChanged = securityEvent('identity.identifier-changed', z.object({ kind: z.string() }))

/** The subject is the address's name in the database. */
export const tokenGiven = securityEvent('identity.verification-token-given', byKey)
