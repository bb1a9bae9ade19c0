import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

/** `key` is the administrator's. */
const byAdmin = z.object({ key: z.string() })

export const blobDeleted = securityEvent('identity.blob-deleted', byAdmin)
export const privateBlobRead = securityEvent('identity.private-blob-read', byAdmin)
export const privateBlobsListed = securityEvent('identity.private-blobs-listed', byAdmin.extend({ blobs: z.int() }))
