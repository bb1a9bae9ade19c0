import type { Secret } from '@strongroom/crypto'
import type { WalletVerification } from '../verification-link.ts'
import type { KdfParameters } from '../wallet-keys.ts'
import { readKdf, readNothing, readSession, readWallet, type Session, type Wallet } from './answers.ts'
import { type Account, path, type Transport } from './transport.ts'
import {
  changedWalletBody,
  movedWalletBody,
  newWalletBody,
  type NewWallet,
  recoveryWalletBody,
  type SealedWallet,
} from './wallet-bodies.ts'

export type WalletsApi = ReturnType<typeof walletsApi>

/** `/kdf`, `/wallets`, `/sessions`. */
export const walletsApi = ({ send }: Transport) => ({
  /** Of the wallet of an address, 404 when there is none; the default ones without an address. */
  kdf: ({ email, isRecovery }: { readonly email?: string; readonly isRecovery?: true } = {}): Promise<KdfParameters> =>
    send({ method: 'GET', path: '/kdf', query: { email, is_recovery: isRecovery }, read: readKdf }),

  createWallet: (wallet: NewWallet): Promise<Wallet> =>
    send({ method: 'POST', path: '/wallets', body: newWalletBody(wallet), read: readWallet }),

  /** With a new session. 404 for a wrong password; 403 `verificationRequired`. */
  getWallet: (walletId: Secret): Promise<Wallet> =>
    send({ method: 'GET', path: path`/wallets/${walletId}`, read: readWallet }),

  /** Sends the verification mail once more. */
  resendVerification: async (walletId: Secret): Promise<void> => {
    const call = { method: 'POST', path: path`/wallets/${walletId}/verification`, body: {}, read: readNothing } as const
    await send(call)
  },

  /** `readVerificationLink` reads both from the mail's link. */
  verifyWallet: async ({ walletId, token }: WalletVerification): Promise<void> => {
    await send({
      method: 'PUT',
      path: path`/wallets/${walletId}/verification`,
      body: { data: { type: 'wallet_verification', attributes: { token } } },
      read: readNothing,
    })
  },

  /** Demands the password, then TOTP where it is enabled. The wallet changes if the ledger accepts the transaction. */
  updateWallet: (
    { by, walletId }: { readonly by: Account; readonly walletId: Secret },
    wallet: SealedWallet,
    envelope: string,
  ): Promise<Wallet> =>
    send({
      method: 'PUT',
      path: path`/wallets/${walletId}`,
      body: changedWalletBody(wallet, envelope),
      by,
      read: readWallet,
    }),

  /** By a key that is to sign from now on. Demands a code by e-mail. */
  kycRecovery: (by: Account, wallet: SealedWallet): Promise<Wallet> =>
    send({ method: 'PUT', path: path`/wallets/${wallet.id}`, body: recoveryWalletBody(wallet), by, read: readWallet }),

  /** Demands the password, then TOTP; takes effect when the link that the new address is sent is followed. */
  changeEmail: async (walletId: Secret, wallet: SealedWallet): Promise<void> => {
    const body = movedWalletBody(wallet)
    await send({ method: 'POST', path: path`/wallets/${walletId}`, body, read: readNothing })
  },

  /** Puts its end off. 404 when it has ended. */
  getSession: (sessionId: Secret): Promise<Session> =>
    send({ method: 'GET', path: path`/sessions/${sessionId}`, read: readSession }),
})
