import type { Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { WalletError } from '../error.ts'
import { openKeychain } from '../keychain.ts'
import { deriveWalletKeys, type WalletKeys, type WalletLogin } from '../wallet-keys.ts'
import { nobody } from './factor-answers.ts'
import { type OpenWallet, openWalletOf } from './open-wallet.ts'

export interface SignIn extends WalletLogin {
  /** Where TOTP is enabled. */
  readonly answer?: FactorAnswer
}

/**
 * GET kdf, GET wallet, and the keychain opens. 404: unknown address, or wrong password. 403 `verificationRequired`: the
 * mail's link is still to be followed; `findWalletId` says for which wallet to have it sent again.
 */
export async function signIn(api: IdentityApi, { email, password, answer = nobody }: SignIn): Promise<OpenWallet> {
  const { walletId, walletKey } = await keysOf(api, { email, password })
  const wallet = await api.withFactor((proven) => proven.getWallet(walletId), answer)
  const keychain = await openKeychain(walletKey, wallet.keychainData)
  if (!keychain) throw new WalletError('keychain-unreadable')
  return openWalletOf({ ...wallet, id: walletId }, email, keychain)
}

export const findWalletId = async (api: IdentityApi, login: WalletLogin): Promise<Secret> =>
  (await keysOf(api, login)).walletId

async function keysOf(api: IdentityApi, login: WalletLogin): Promise<WalletKeys> {
  const { salt, ...kdf } = await api.kdf({ email: login.email })
  if (salt === undefined) throw new WalletError('kdf-refused')
  return deriveWalletKeys(login, kdf, salt)
}
