import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Tells a key's device of a request: the one that asks how it stands, any other that it is asked, or that a key is in. */
export const pushRequest = job({
  name: 'chain-accounts.push-two-factor',
  payload: z.strictObject({ requestId: z.uuid(), accountId: z.uuid(), keyId: z.uuid() }),
})
