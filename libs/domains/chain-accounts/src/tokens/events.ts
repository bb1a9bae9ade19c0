import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const key = z.object({ key: z.string() })

/** Two hold one refresh token: nobody of that sign-in is signed in any more. */
export const refreshReused = securityEvent('account.refresh-reused', key)
