import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const nothing = z.object({})
const factor = z.object({ factor: z.int(), type: z.string() })

export const walletCreated = securityEvent('identity.wallet-created', nothing)
export const walletVerified = securityEvent('identity.wallet-verified', nothing)
export const walletOpened = securityEvent('identity.wallet-opened', nothing)
export const walletDeleted = securityEvent('identity.wallet-deleted', nothing)
export const walletPurged = securityEvent('identity.wallet-purged', nothing)
export const changeAsked = securityEvent('identity.change-asked', z.object({ kind: z.string() }))
export const changeApplied = securityEvent('identity.change-applied', z.object({ kind: z.string() }))
export const changeDropped = securityEvent('identity.change-dropped', z.object({ kind: z.string() }))
export const walletRestored = securityEvent('identity.wallet-restored', nothing)
export const holdShredded = securityEvent('identity.hold-shredded', nothing)
export const factorDemanded = securityEvent('identity.factor-demanded', factor)
export const factorVerified = securityEvent('identity.factor-verified', factor)
export const factorsUsed = securityEvent('identity.factors-used', z.object({ factors: z.array(z.int()) }))
export const factorCreated = securityEvent('identity.factor-created', factor)
export const factorChanged = securityEvent('identity.factor-changed', factor.extend({ priority: z.int() }))
export const factorDeleted = securityEvent('identity.factor-deleted', factor)
export const messageUndeliverable = securityEvent('identity.message-undeliverable', z.object({ message: z.string() }))
