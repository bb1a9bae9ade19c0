import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** One step of a transaction on Flow. */
export const advanceJob = job({ name: 'chains.flow-advance', payload: z.object({ transactionId: z.uuid() }) })

/** One waits for each transaction, however often it was found to be due. */
export const keyOf = (transactionId: string): string => `flow.${transactionId}`
