import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Tells the owner of a record of one thing that happened. */
export const deliverNotice = job({
  name: 'secret-shares.deliver-notice',
  payload: z.strictObject({ noticeId: z.uuid() }),
})
