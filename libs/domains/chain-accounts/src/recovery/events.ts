import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const recovery = z.object({ recovery: z.string() })

export const recoveryAsked = securityEvent('account.recovery-asked', recovery)
/** The recovery key signed: from now on its new key waits. */
export const recoveryHeld = securityEvent('account.recovery-held', recovery)
export const recoveryCancelled = securityEvent('account.recovery-cancelled', recovery.extend({ by: z.string() }))
export const recoverySigned = securityEvent('account.recovery-signed', recovery)
