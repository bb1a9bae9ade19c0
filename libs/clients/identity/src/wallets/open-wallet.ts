import type { Session, Wallet } from '../api/answers.ts'
import type { WalletOwner } from '../api/factors.ts'
import { WalletError } from '../error.ts'
import type { Keychain } from '../keychain.ts'
import { signerOf } from '../signer.ts'

/** A wallet that its password has opened; it stands wherever the API wants to know who asks. */
export interface OpenWallet extends WalletOwner {
  readonly email: string
  /** The one that signs first. */
  readonly seeds: Keychain['seeds']
  /** What tells a wallet whose address is still to be verified: it may have a session. */
  readonly isVerified: boolean
  readonly session?: Session | undefined
}

/**
 * @throws WalletError `other-account`: a server could else have another account paid into. A keychain that names its own
 * key may be of a recovered wallet, of whose account it cannot know.
 */
export function openWalletOf(wallet: Wallet, email: string, { accountId: named, seeds }: Keychain): OpenWallet {
  const signer = signerOf(seeds[0])
  const { id, accountId, isVerified, session } = wallet
  if (named !== undefined && named !== accountId && named !== signer.keyId) throw new WalletError('other-account')
  return { id, email, accountId, signer, seeds, isVerified, ...(session && { session }) }
}
