import { sessionResource } from '../sessions/get-session.ts'
import { KDF_VERSION } from '../wallets/contract.ts'
import { passwordOf, type Wallet } from '../wallets/store.ts'

interface Shown {
  readonly wallet: Wallet
  readonly walletId: string
  readonly email: string
  readonly keychain: string
  readonly session?: { readonly id: string; readonly expiresAt: Date; readonly encryptionKey: string }
}

/** As JSON:API shows it; `included` is there even when it is empty, for Kotlin's client. */
export const walletDocument = ({ wallet, walletId, email, keychain, session }: Shown) => ({
  data: {
    id: walletId,
    type: 'wallet' as const,
    attributes: {
      account_id: wallet.accountId,
      email,
      keychain_data: keychain,
      verified: wallet.verified,
      last_sent_at: wallet.mailSentAt?.toISOString() ?? null,
    },
    relationships: {
      kdf: { data: { id: KDF_VERSION as typeof KDF_VERSION, type: 'kdf' as const } },
      factor: { data: { id: String(passwordOf(wallet).id), type: 'password' as const } },
      ...(wallet.referrer !== null && { referrer: { data: { id: wallet.referrer, type: 'referrer' as const } } }),
      ...(session && { session: { data: { id: session.id, type: 'sessions' as const } } }),
    },
  },
  included: session ? [sessionResource(session)] : [],
})
