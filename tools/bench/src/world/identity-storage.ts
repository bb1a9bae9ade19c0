import { randomBytes, randomUUID } from 'node:crypto'
import { newSeed, type Signer, signerOf, signRequest } from '@strongroom/identity-client'
import { type AppServer, startServer } from './app.ts'
import { ask, makeMany } from './ask.ts'

const KEYCHAIN_BYTES = 256

/** Wallets open unverified unless said, as nobody reads mail here; what is verified takes the same way. */
export const startIdentityStorage = (
  superuserUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<AppServer> =>
  startServer({
    app: 'identity-storage',
    superuserUrl,
    settings: {
      LEDGER_MASTER_ACCOUNT: signerOf(newSeed()).keyId,
      CLIENT_ROUTER_URL: 'https://wallet.example.com/r',
      EMAIL_VERIFICATION: 'off',
      CREATIONS_PER_ADDRESS: '1000000',
      LOOKUPS_PER_ADDRESS: '1000000',
      ATTEMPTS_PER_ADDRESS: '1000000',
      ...settings,
    },
  })

/** Who made a wallet, and the session that came with it. */
export interface WalletOwner {
  readonly walletId: string
  readonly email: string
  /** Signs for the account, which has its name. */
  readonly signer: Signer
  readonly sessionId: string
}

export const seedOwners = (port: number, count: number): Promise<readonly WalletOwner[]> =>
  makeMany(count, async () => {
    const signer = signerOf(newSeed())
    const body = newWallet(signer.keyId)
    const made = await ask<{ included: readonly { id: string }[] }>(port, { method: 'POST', path: '/wallets', body })
    return { walletId: body.data.id, email: body.data.attributes.email, signer, sessionId: made.included[0]?.id ?? '' }
  })

const opaque = () => ({ salt: randomBytes(16).toString('base64'), keychain_data: keychain() })

/** What makes a wallet for an account, of the lengths that clients send. To the server ids and keychains are texts. */
export function newWallet(accountId: string) {
  const id = randomBytes(32).toString('hex')
  return {
    data: {
      type: 'wallet',
      id,
      attributes: { account_id: accountId, email: `${randomUUID()}@example.com`, ...opaque() },
      relationships: {
        kdf: { data: { type: 'kdf', id: 2 } },
        factor: { data: { type: 'password', id } },
        signers: { data: [{ type: 'signer', id: accountId }] },
      },
    },
    included: [
      { type: 'password', id, attributes: { account_id: accountId, ...opaque() } },
      { type: 'signer', id: accountId, attributes: { role_id: 2, weight: 1000, identity: 1 } },
    ],
  }
}

const keychain = (): string => {
  const cipherText = randomBytes(KEYCHAIN_BYTES).toString('base64')
  const parts = { IV: randomBytes(12).toString('base64'), cipherText, cipherName: 'aes', modeName: 'gcm' }
  return Buffer.from(JSON.stringify(parts)).toString('base64')
}

/** As TokenD's clients sign: the target alone, so that the same signature is good each time. */
export const signTarget = (signer: Signer, method: string, target: string) => signRequest({ signer, method, target })
