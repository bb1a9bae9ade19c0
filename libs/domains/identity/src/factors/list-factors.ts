import { implement, reply } from '@strongroom/http'
import { notFound, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameWallet } from '../wallets/names.ts'
import { findWallet } from '../wallets/store.ts'
import { listFactors } from './contract.ts'

export const list = implement<IdentityDeps>()(listFactors, async ({ params, ip }, deps) => {
  if (await deps.limits.attempts.take(ip)) return tooMany()
  const wallet = await findWallet(deps, await nameWallet(deps.hsm, params.walletId))
  if (!wallet) return notFound()
  return reply(200, {
    data: wallet.factors.map(({ id, type, priority }) => ({ id: String(id), type, attributes: { priority } })),
  })
})
