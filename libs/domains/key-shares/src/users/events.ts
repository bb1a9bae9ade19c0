import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const nothing = z.object({})
const device = z.object({ device: z.string() })
const key = z.object({ key: z.string() })

export const userRegistered = securityEvent('mpc.user-registered', nothing)
export const userDisabled = securityEvent('mpc.user-disabled', nothing)
export const userEnabled = securityEvent('mpc.user-enabled', nothing)
export const deviceRegistered = securityEvent('mpc.device-registered', device)
export const deviceRevoked = securityEvent('mpc.device-revoked', device)
export const signatureRefused = securityEvent('mpc.signature-refused', device)
export const faceRegistered = securityEvent('mpc.face-registered', nothing)
export const backupSaved = securityEvent('mpc.backup-saved', key.extend({ version: z.int() }))
export const backupRestored = securityEvent('mpc.backup-restored', key.extend({ version: z.int() }))
export const backupRecovered = securityEvent('mpc.backup-recovered', key.extend({ version: z.int() }))
export const keygenApproved = securityEvent('mpc.keygen-approved', device)
export const keyCreated = securityEvent('mpc.key-created', key.extend({ device: z.string() }))
export const signApproved = securityEvent('mpc.sign-approved', key.extend({ device: z.string() }))
export const hookRejected = securityEvent(
  'mpc.hook-rejected',
  z.object({ type: z.enum(['keygen', 'key-id', 'sign']), why: z.string(), device: z.string() }),
)
