import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Sends one message, and forgets what it said. */
export const deliverMessage = job({
  name: 'identity.deliver-message',
  payload: z.strictObject({ messageId: z.uuid() }),
})

/** Draws the code of a demand for a factor, and sends it. */
export const sendFactorCode = job({
  name: 'identity.send-factor-code',
  payload: z.strictObject({ codeId: z.uuid(), tokenId: z.uuid() }),
})

/** Mails an identity's address what it was invited to. */
export const deliverInvites = job({
  name: 'identity.deliver-invites',
  payload: z.strictObject({ identityId: z.uuid() }),
})
