import type { RandomSource, Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { newSeed, type Signer, signerOf } from '../signer.ts'
import { byPassword } from './factor-answers.ts'
import { type OpenWallet, openWalletOf } from './open-wallet.ts'
import { sealWallet } from './seal-wallet.ts'

export interface SignerChange {
  /** `G…`: the account whose signers change. */
  readonly accountId: string
  /** What signs for it now, and is to sign no more. */
  readonly signer: Signer
  /** `G…`: what is to sign instead. */
  readonly newSignerId: string
}

export interface PasswordChange {
  readonly password: Secret
  readonly newPassword: Secret
  /** Gives the base64 XDR of a signed TokenD envelope. */
  readonly buildSignerChange: (change: SignerChange) => Promise<string>
  /** Where TOTP is enabled. */
  readonly answer?: FactorAnswer
  readonly random?: RandomSource
}

/**
 * A new password, and a new key with it: who had the old password may have the old key. Wallet and ledger change both or
 * neither; when the answer is lost, sign in with the new password, and if that is refused with the old one.
 */
export async function changePassword(
  api: IdentityApi,
  wallet: OpenWallet,
  { password, newPassword, buildSignerChange, answer, random }: PasswordChange,
): Promise<OpenWallet> {
  const { email, accountId, signer, seeds } = wallet
  const [seed, [, ...others]] = [newSeed(random), seeds]
  const newSignerId = signerOf(seed).keyId
  const keychain = { accountId, seeds: [seed, ...others] } as const
  const { salt: _, ...kdf } = await api.kdf({ email })
  const contents = { email, password: newPassword, kdf, keychain, accountId: newSignerId }
  const sealed = await sealWallet(contents, random)
  const envelope = await buildSignerChange({ accountId, signer, newSignerId })
  const changed = await api.withFactor(
    (proven) => proven.updateWallet({ by: wallet, walletId: wallet.id }, sealed, envelope),
    byPassword({ api, password }, wallet, answer),
  )
  const opened = openWalletOf({ ...changed, id: sealed.id }, email, keychain)
  return opened.session || !wallet.session ? opened : { ...opened, session: wallet.session }
}
