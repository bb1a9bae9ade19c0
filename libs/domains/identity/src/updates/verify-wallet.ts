import { recordEvent } from '@strongroom/audit'
import { Unopenable } from '@strongroom/hsm'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { adoptAccount } from '../identities/adoptions.ts'
import { prepareOwnIdentity } from '../identities/of-wallet.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict, verifyWallet, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletVerified } from '../wallets/events.ts'
import { nameWallet } from '../wallets/names.ts'
import { changeState, findWallet } from '../wallets/store.ts'
import { isToken, tokenOfWallet } from '../wallets/verification-link.ts'
import { applyChange } from './apply-change.ts'
import { tokenOfChange } from './change-address.ts'
import { findAddressChange, isGenuine } from './store.ts'

const wrongToken = () => wrongField('/data/attributes/token', 'invalid token')

/** Of a wallet that was made, or of the new address of one: the link of both leads here. 256 bits are not guessed. */
export const verify = implement<IdentityDeps>()(verifyWallet, async ({ params, body }, deps) => {
  const { token } = body.data.attributes
  const lookup = await nameWallet(deps.hsm, params.walletId)
  const change = await findAddressChange(deps.database, lookup)
  if (change && isToken(token, await tokenOfChange(deps, change))) {
    if (!(await isGenuine(deps.hsm, change))) throw new Unopenable()
    const applied = await applyChange(deps, change)
    return applied instanceof Refusal ? applied : reply(204, undefined)
  }
  const verified = await changeState(
    deps,
    () => findWallet(deps, lookup),
    async (wallet) => {
      if (!wallet || !isToken(token, await tokenOfWallet(deps.hsm, wallet))) return wrongToken()
      if ((await adoptAccount(deps, wallet)) === 'lost') return conflict()
      const { email } = await openContents(deps.hsm, wallet)
      const writeIdentity = await prepareOwnIdentity(deps, wallet, { email, verified: true })
      return {
        next: { verified: true },
        work: async (tx: Statements) => {
          if (!wallet.verified) await recordEvent(tx, walletVerified, { subject: wallet.id, detail: {} })
          const identity = await writeIdentity(tx)
          return identity instanceof Refusal ? identity : 'verified'
        },
      }
    },
  )
  return verified instanceof Refusal ? verified : reply(204, undefined)
})
