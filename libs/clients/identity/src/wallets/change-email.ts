import type { RandomSource, Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { byPassword } from './factor-answers.ts'
import type { OpenWallet } from './open-wallet.ts'
import { sealWallet } from './seal-wallet.ts'

export interface EmailChange {
  readonly newEmail: string
  readonly password: Secret
  /** Where TOTP is enabled. */
  readonly answer?: FactorAnswer
  readonly random?: RandomSource
}

/** The same keys and password under a new address. Until the link sent to it is followed, the old address signs in. */
export async function changeEmail(
  api: IdentityApi,
  wallet: OpenWallet,
  { newEmail, password, answer, random }: EmailChange,
): Promise<void> {
  const { accountId, seeds } = wallet
  const { salt: _, ...kdf } = await api.kdf()
  const contents = { email: newEmail, password, kdf, keychain: { accountId, seeds }, accountId }
  const sealed = await sealWallet(contents, random)
  await api.withFactor((proven) => proven.changeEmail(wallet.id, sealed), byPassword({ api, password }, wallet, answer))
}
