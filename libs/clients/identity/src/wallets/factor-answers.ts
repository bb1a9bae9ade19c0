import type { Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { WalletError } from '../error.ts'
import { answerPasswordFactor } from '../password-factor.ts'
import type { OpenWallet } from './open-wallet.ts'

/** Asked for what no password answers: a TOTP code, a code by e-mail. */
export const nobody: FactorAnswer = () => Promise.reject(new WalletError('factor-unanswered'))

/** Answers a password factor by the password, and hands every other to `otherwise`. */
export const byPassword =
  (
    { api, password }: { readonly api: IdentityApi; readonly password: Secret },
    { email, signer }: OpenWallet,
    otherwise: FactorAnswer = nobody,
  ): FactorAnswer =>
  async (demand) => {
    if (demand.factorType !== 'password') return otherwise(demand)
    return answerPasswordFactor(demand, { email, password, kdf: await api.kdf({ email }), signer })
  }
