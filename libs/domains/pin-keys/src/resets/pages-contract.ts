import { endpoint, refusal } from '@strongroom/http/contract'
import { z } from 'zod'

/** The shape of the tokens of `@strongroom/time-locks`. */
const params = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
const Page = z.string().meta({ description: 'A page for people.' })

export const nothingToCancel = refusal({ kind: 'nothing-to-cancel', status: 404, title: 'There is nothing to cancel' })

export const showCancel = endpoint({
  method: 'GET',
  path: '/v2/cancel/:token',
  summary: 'The page behind the link in a notice. Looking cancels nothing: mail scanners look.',
  params,
  reply: { 200: Page },
  refusals: [nothingToCancel],
})

export const cancelByLink = endpoint({
  method: 'POST',
  path: '/v2/cancel/:token',
  summary: 'Cancel the reset that the notice told of, once; the key is contested from then on.',
  params,
  reply: { 200: Page },
  refusals: [nothingToCancel],
})
