import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { verifyWallet, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletVerified } from '../wallets/events.ts'
import { nameWallet } from '../wallets/names.ts'
import { changeState, findWallet } from '../wallets/store.ts'
import { isToken, tokenOfWallet } from '../wallets/verification-link.ts'
import { applyChange } from './apply-change.ts'
import { tokenOfChange } from './change-address.ts'
import { findAddressChange } from './store.ts'

const wrongToken = () => wrongField('/data/attributes/token', 'invalid token')

/** Of a wallet that was made, or of the new address of one: the link of both leads here. 256 bits are not guessed. */
export const verify = implement<IdentityDeps>()(verifyWallet, async ({ params, body }, deps) => {
  const { token } = body.data.attributes
  const lookup = await nameWallet(deps.hsm, params.walletId)
  const change = await findAddressChange(deps.database, lookup)
  if (change && isToken(token, await tokenOfChange(deps, change))) {
    const applied = await applyChange(deps, change)
    return applied instanceof Refusal ? applied : reply(204, undefined)
  }
  const verified = await changeState(
    deps,
    () => findWallet(deps, lookup),
    async (wallet) => {
      if (!wallet || !isToken(token, await tokenOfWallet(deps.hsm, wallet))) return wrongToken()
      return {
        next: { verified: true },
        work: async (tx: Statements) => {
          if (!wallet.verified) await recordEvent(tx, walletVerified, { subject: wallet.id, detail: {} })
          return 'verified'
        },
      }
    },
  )
  return verified instanceof Refusal ? verified : reply(204, undefined)
})
