import type { RandomSource, Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { newSeed, signerOf } from '../signer.ts'
import { type OpenWallet, openWalletOf } from './open-wallet.ts'
import { sealWallet } from './seal-wallet.ts'

export interface Recovery {
  readonly email: string
  readonly newPassword: Secret
  /** The code that the server sends to the address. */
  readonly answer: FactorAnswer
  readonly random?: RandomSource
}

/**
 * KYC recovery: a new password and key for an address whose password is lost. The key opens the wallet, and may do on the
 * ledger what the recovery role may, until an administrator has approved the owner's papers.
 */
export async function recover(api: IdentityApi, { email, newPassword, answer, random }: Recovery): Promise<OpenWallet> {
  const { salt: _, ...kdf } = await api.kdf({ email, isRecovery: true })
  const seed = newSeed(random)
  const signer = signerOf(seed)
  // Which account it is, the server says only once it believes.
  const keychain = { accountId: signer.keyId, seeds: [seed] } as const
  const contents = { email, password: newPassword, kdf, keychain, accountId: signer.keyId }
  const sealed = await sealWallet(contents, random)
  const by = { accountId: signer.keyId, signer }
  const recovered = await api.withFactor((proven) => proven.kycRecovery(by, sealed), answer)
  return openWalletOf({ ...recovered, id: sealed.id }, email, keychain)
}
