import type { RandomSource, Secret } from '@strongroom/crypto'
import type { IdentityApi } from '../api/api.ts'
import type { NewSigner } from '../api/wallet-bodies.ts'
import { newSeed, signerOf } from '../signer.ts'
import type { WalletLogin } from '../wallet-keys.ts'
import { type OpenWallet, openWalletOf } from './open-wallet.ts'
import { sealWallet } from './seal-wallet.ts'

export interface SignUp extends WalletLogin {
  /** Of the wallet's key; the ledger's default role when left out. */
  readonly roleId?: number
  /** Keys beside the wallet's own that may sign: a recovery key, in role 1. */
  readonly signers?: readonly NewSigner[]
  readonly verificationCode?: Secret
  readonly referrer?: string
  readonly random?: RandomSource
}

/**
 * A new key, account and wallet, with a session. Where the address is to be verified first, `isVerified` is false, and
 * nobody signs in until it was.
 */
export async function signUp(api: IdentityApi, options: SignUp): Promise<OpenWallet> {
  const { email, password, signers = [], verificationCode, referrer, random } = options
  const kdf = await api.kdf()
  const roleId = options.roleId ?? (await api.defaultSignerRole())
  const seed = newSeed(random)
  const accountId = signerOf(seed).keyId
  const keychain = { accountId, seeds: [seed] } as const
  const sealed = await sealWallet({ email, password, kdf, keychain, accountId }, random)
  const own = { id: accountId, roleId, weight: 1000, identity: 1 }
  const made = await api.createWallet({ ...sealed, signers: [own, ...signers], verificationCode, referrer })
  return openWalletOf({ ...made, id: sealed.id }, email, keychain)
}
