import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const nothing = z.object({})
const version = z.object({ version: z.int() })

export const loginBound = securityEvent('share.login-bound', z.object({ provider: z.string() }))
export const attemptRefused = securityEvent('share.attempt-refused', z.object({ why: z.string() }))
export const noticeUndeliverable = securityEvent('share.notice-undeliverable', z.object({ notice: z.uuid() }))

export const shareStored = securityEvent('share.stored', version)
export const shareReleased = securityEvent('share.released', version)
export const accountMigrated = securityEvent('share.migrated', nothing)

export const recoveryAdded = securityEvent('share.recovery-added', z.object({ type: z.string() }))
export const recoveryReleased = securityEvent(
  'share.recovery-released',
  z.object({ type: z.string(), by: z.enum(['login', 'contact']) }),
)
export const recoveryMissed = securityEvent('share.recovery-missed', z.object({ type: z.string() }))
export const recoveryEmailAsked = securityEvent('share.recovery-email-asked', z.object({ code: z.uuid() }))
export const recoveryEmailVerified = securityEvent('share.recovery-email-verified', nothing)

export const backupMailed = securityEvent('share.backup-mailed', z.object({ to: z.enum(['own', 'recovery', 'other']) }))
export const loginCodeAsked = securityEvent('share.login-code-asked', z.object({ code: z.uuid() }))
export const loginCodeUsed = securityEvent('share.login-code-used', z.object({ code: z.uuid() }))
export const contactUpgraded = securityEvent('share.contact-upgraded', nothing)
export const upgradeTakenBack = securityEvent('share.upgrade-taken-back', nothing)

export const recordHeld = securityEvent('share.held', z.object({ reason: z.string(), version: z.int() }))
export const accountDeleted = securityEvent('share.deleted', nothing)
export const accountRestored = securityEvent('share.restored', version)
