import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const request = z.object({ request: z.string() })

export const twoFactorAsked = securityEvent('account.two-factor-asked', request.extend({ key: z.string() }))
export const twoFactorApproved = securityEvent('account.two-factor-approved', request.extend({ by: z.string() }))
export const twoFactorDenied = securityEvent('account.two-factor-denied', request.extend({ by: z.string() }))
export const twoFactorFinished = securityEvent('account.two-factor-finished', request)
/** The transaction that was named did not add the key. */
export const approvalRefused = securityEvent('account.two-factor-approval-refused', request.extend({ by: z.string() }))
