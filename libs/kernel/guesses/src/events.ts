import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const detail = z.object({ kind: z.string(), purpose: z.string(), guess: z.int(), epoch: z.int() })

export const guessCharged = securityEvent('guess.charged', detail)
export const guessSucceeded = securityEvent('guess.succeeded', detail)
export const guessGivenBack = securityEvent('guess.given-back', detail)
