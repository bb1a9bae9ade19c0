import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

export const appAdded = securityEvent('account.app-added', z.object({}))
export const appSecretRotated = securityEvent('account.app-secret-rotated', z.object({ graceHours: z.int() }))
