import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

// The subject is the account that invites.

export const invitesMade = securityEvent('identity.invites-made', z.object({ key: z.string(), invites: z.int() }))
export const invitesDeleted = securityEvent('identity.invites-deleted', z.object({ key: z.string(), invites: z.int() }))
