import { implement, reply } from '@strongroom/http'
import { passFactors } from '../factors/pass-factors.ts'
import { openSession } from '../sessions/store.ts'
import { openContents } from '../wallets/contents.ts'
import { notFound, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameWallet } from '../wallets/names.ts'
import { findWallet } from '../wallets/store.ts'
import { getWallet, unverified } from './contract.ts'
import { walletDocument } from './wallet-document.ts'

/** The id is what a password gives: whoever has it may read the wallet, which opens by the password alone. */
export const get = implement<IdentityDeps>()(getWallet, async ({ params, query, proof, ip }, deps) => {
  const { hsm } = deps
  const { walletId } = params
  if (await deps.limits.attempts.take(ip)) return tooMany()
  const name = await nameWallet(hsm, walletId)
  const wallet = await findWallet(deps, name)
  if (!wallet) return notFound()
  if (!wallet.verified) return unverified(walletId)
  const refused = await passFactors(deps, { wallet, walletId, name, stepUp: proof })
  if (refused) return refused

  const origin = { ip, publicIp: query.public_ip === 'true' }
  const { email, keychain } = await openContents(hsm, wallet)
  const session = await openSession(deps, wallet, origin)
  return session ? reply(200, walletDocument({ wallet, walletId, email, keychain, session })) : notFound()
})
