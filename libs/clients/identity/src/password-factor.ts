import { fromUtf8, Secret, toBase64 } from '@strongroom/crypto'
import type { FactorDemand } from './api/error.ts'
import { WalletError } from './error.ts'
import { openKeychain } from './keychain.ts'
import { type Signer, signerOf } from './signer.ts'
import { deriveWalletKeys, type KdfParameters, type WalletLogin } from './wallet-keys.ts'

export interface PasswordFactor extends WalletLogin {
  /** Of the wallet. */
  readonly kdf: KdfParameters
  /** What signs for the wallet: its own key never proves a factor. */
  readonly signer: Signer
}

/**
 * Proves the password: it opens the factor's keychain, and the key in it signs the token's text as it is, not hashed.
 * Base64 of the Ed25519 signature.
 * @throws WalletError
 */
export async function answerPasswordFactor(demand: FactorDemand, factor: PasswordFactor): Promise<Secret> {
  const { keychainData, salt = '' } = demand
  if (keychainData === undefined) throw new WalletError('factor-unreadable')
  const { walletKey } = await deriveWalletKeys(factor, factor.kdf, salt)
  const seed = (await openKeychain(walletKey, keychainData))?.seeds[0]
  if (!seed) throw new WalletError('factor-unreadable')
  const signer = signerOf(seed)
  // A server that hands the wallet's keychain out as the factor's would have a signature of its key over its own text.
  if (signer.keyId === factor.signer.keyId) throw new WalletError('wallet-key-as-factor')
  return signFactorToken(signer, demand.token)
}

export async function signFactorToken(signer: Signer, token: Secret): Promise<Secret> {
  if (!/^[\x21-\x7e]{1,256}$/.test(fromUtf8(token.expose()))) throw new WalletError('factor-token-refused')
  return new Secret(toBase64(await signer.sign(token.expose())))
}
