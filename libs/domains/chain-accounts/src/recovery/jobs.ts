import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Tells one device that somebody who has the login asks to recover the account. */
export const pushRecovery = job({
  name: 'chain-accounts.push-recovery',
  payload: z.strictObject({ recoveryId: z.uuid(), accountId: z.uuid(), keyId: z.uuid() }),
})
