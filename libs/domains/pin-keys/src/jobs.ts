import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Draws a code and sends it. The last attempt comes before the code's hour is over, so that one that fails is seen. */
export const sendCode = job({
  name: 'pin-keys.send-code',
  payload: z.strictObject({ codeId: z.uuid(), userId: z.uuid() }),
  attempts: 7,
})

/** Tells one user of one thing that happened. */
export const deliverNotice = job({ name: 'pin-keys.deliver-notice', payload: z.strictObject({ deliveryId: z.uuid() }) })

/** Opens the recovery copy and locks the key with the new PIN, if the lock still allows it. */
export const completeReset = job({
  name: 'pin-keys.complete-reset',
  payload: z.strictObject({ completionId: z.uuid() }),
  attempts: 3,
})
