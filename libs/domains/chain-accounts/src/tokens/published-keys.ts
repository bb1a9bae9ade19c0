import { implement, reply } from '@strongroom/http'
import { publishedKeys } from './contract.ts'
import type { TokenDeps } from './open-tokens.ts'

export const published = implement<Pick<TokenDeps, 'tokens'>>()(publishedKeys, async (_, { tokens }) =>
  reply(200, { keys: [...(await tokens.keys.published())] }),
)
