import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

/** `key` is the administrator's. */
export const privateDocumentRead = securityEvent('identity.private-document-read', z.object({ key: z.string() }))
