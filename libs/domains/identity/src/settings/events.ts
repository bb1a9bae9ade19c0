import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

/** Where links in its mails lead: set or cleared by a key of the account. */
export const clientDomainChanged = securityEvent('identity.client-domain-changed', z.object({ key: z.string() }))
