import type { Secret } from '@strongroom/crypto'
import type { Factor, NewTotp } from '../api/answers.ts'
import type { IdentityApi } from '../api/api.ts'
import { byPassword, nobody } from './factor-answers.ts'
import type { OpenWallet } from './open-wallet.ts'

export interface TotpEnabling {
  readonly password: Secret
  /** Shows the factor to the user, and gives the first code that the app on their telephone shows. */
  readonly firstCode: (factor: NewTotp) => Promise<Secret>
}

/**
 * Enables TOTP before all other factors. One that was made and never enabled gives way. 409 where it is enabled already.
 * A wrong first code throws 400: called again, it makes a new factor.
 */
export async function enableTotp(
  api: IdentityApi,
  wallet: OpenWallet,
  { password, firstCode }: TotpEnabling,
): Promise<Factor> {
  const factors = await api.factors.list(wallet)
  const unused = factors.filter(({ type, priority }) => type === 'totp' && priority === 0)
  for (const { id } of unused) await api.factors.delete(wallet, id)
  const made = await api.withFactor(
    (proven) => proven.factors.createTotp(wallet),
    byPassword({ api, password }, wallet),
  )
  const code = await firstCode(made)
  const priority = Math.max(0, ...factors.map((one) => one.priority)) + 1
  await api.withFactor(
    (proven) => proven.factors.setPriority(wallet, made.id, priority),
    // A code for another factor than the one just made would be none of this server's business.
    (demand) => (demand.factorId === made.id ? Promise.resolve(code) : nobody(demand)),
  )
  return { id: made.id, type: 'totp', priority }
}
