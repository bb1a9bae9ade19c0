import { implement, reply } from '@strongroom/http'
import { notFound } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { getSession } from './contract.ts'
import { extendSession } from './store.ts'

/** As JSON:API shows it. */
export const sessionResource = (session: { id: string; expiresAt: Date; encryptionKey: string }) => ({
  id: session.id,
  type: 'sessions' as const,
  attributes: { expires_at: session.expiresAt.toISOString(), encryption_key: session.encryptionKey },
})

export const get = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'policies'>>()(
  getSession,
  async ({ params }, deps) => {
    const session = await extendSession(deps, params.sessionId, deps.policies)
    return session ? reply(200, { data: sessionResource({ id: params.sessionId, ...session }) }) : notFound()
  },
)
