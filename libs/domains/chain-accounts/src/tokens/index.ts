import { sweep } from '@strongroom/jobs'
import { published } from './published-keys.ts'
import type { TokenDeps } from './open-tokens.ts'
import { refresh } from './refresh.ts'
import { purgeTokens } from './store.ts'

export { openTokens, type OpenedTokens, type TokenDeps, type TokenOptions } from './open-tokens.ts'
export { proveAccount, proveAny, proveRequest } from './prove.ts'
export type { RefreshDeps } from './refresh.ts'
export type { TokenView } from './token-keys.ts'

export const tokenHandlers = [refresh, published]

const MINUTE = 60

export const tokenSweeps = [
  sweep<Pick<TokenDeps, 'database' | 'policies'>>()({
    name: 'chain-accounts.forget-tokens',
    every: MINUTE,
    run: ({ database, policies }) => purgeTokens(database, policies.reuseGrace),
  }),
]
