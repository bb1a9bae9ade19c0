import { type RandomSource, systemRandom } from '@strongroom/crypto'
import type { SealedWallet } from '../api/wallet-bodies.ts'
import { type Keychain, sealKeychain } from '../keychain.ts'
import { newSeed, signerOf } from '../signer.ts'
import { deriveWalletKeys, type KdfParameters, newSalt, type WalletLogin } from '../wallet-keys.ts'

export interface WalletContents extends WalletLogin {
  readonly kdf: KdfParameters
  readonly keychain: Keychain
  /** `G…`, of the wallet as the API has it: of a new wallet its account, of a changed one its new key. */
  readonly accountId: string
}

/** Under fresh salts, with a fresh key as its password factor. */
export async function sealWallet(
  { email, password, kdf, keychain, accountId }: WalletContents,
  random: RandomSource = systemRandom,
): Promise<SealedWallet> {
  const seal = async (contents: Keychain) => {
    const salt = newSalt(random)
    const { walletId, walletKey } = await deriveWalletKeys({ email, password }, kdf, salt)
    return { id: walletId, salt, keychainData: await sealKeychain(walletKey, contents, random) }
  }
  const factorSeed = newSeed(random)
  const factorId = signerOf(factorSeed).keyId
  const { salt, keychainData } = await seal({ accountId: factorId, seeds: [factorSeed] })
  return {
    ...(await seal(keychain)),
    email,
    accountId,
    kdfVersion: kdf.version,
    passwordFactor: { accountId: factorId, salt, keychainData },
  }
}
