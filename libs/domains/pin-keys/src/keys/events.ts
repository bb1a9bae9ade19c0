import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const nothingMore = z.object({})

export const keyCreated = securityEvent('key.created', nothingMore)
export const pinChanged = securityEvent('key.pin-changed', z.object({ pinEpoch: z.int() }))
export const keyErased = securityEvent('key.erased', nothingMore)
