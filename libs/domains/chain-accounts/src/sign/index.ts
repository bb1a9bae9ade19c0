import { forgetHolds, holdPusher, notices } from './announce.ts'
import { approve, cancel, list } from './changes.ts'
import { describe } from './describe.ts'
import { settling } from './settle.ts'
import { cadence, payer, paymaster } from './sign-cadence.ts'
import { evm, relayed } from './sign-evm.ts'

export type { CadenceDeps, FlowPayer } from './sign-cadence.ts'
export type { SignDeps } from './signer.ts'

/** In the order of the contract. */
export const signHandlers = [payer, cadence, paymaster, evm, relayed, describe, list, approve, cancel]

export const signJobs = [holdPusher]

export const signSweeps = [notices, settling, forgetHolds]
