import { sweep } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { approve, deny } from './answer.ts'
import { begin } from './begin.ts'
import { finish } from './finish.ts'
import { look, resend } from './look.ts'
import { requestPusher } from './push.ts'
import { forgetRequests } from './store.ts'

export { sealedAskers } from './sealed-askers.ts'
export type { TwoFactorDeps } from './begin.ts'
export type { FinishDeps } from './finish.ts'
export type { PushDeps } from './push.ts'
export type { RequestTokens } from './request-tokens.ts'

/** In the order of the contract. */
export const twoFactorHandlers = [begin, finish, look, resend, deny, approve]

export const twoFactorJobs = [requestPusher]

export const twoFactorSweeps = [
  sweep<{ database: Database }>()({
    name: 'chain-accounts.forget-two-factor',
    every: 60,
    run: ({ database }) => forgetRequests(database),
  }),
]
