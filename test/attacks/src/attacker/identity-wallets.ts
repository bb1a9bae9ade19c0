import { type IdentityKey, newIdentityKey } from './identity-key.ts'
import { newAddress } from './people.ts'
import type { Randomness } from './randomness.ts'

/** Whoever made a wallet, and what they have of it. */
export interface IdentityOwner {
  readonly email: string
  /** 64 hex digits: what address and password give. */
  readonly walletId: string
  readonly accountId: string
  readonly signer: IdentityKey
  /** Proves the password. */
  readonly factor: IdentityKey
  readonly salt: string
  readonly keychain: string
  readonly factorKeychain: string
}

const bytesFrom = (randomness: Randomness, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => randomness.integer(256)))

export const newWalletId = (randomness: Randomness): string => bytesFrom(randomness, 32).toString('hex')

export const keychainOf = (cipherText: string): string =>
  Buffer.from(JSON.stringify({ IV: 'AAAAAAAAAAAAAAAA', cipherText, cipherName: 'aes', modeName: 'gcm' })).toString(
    'base64',
  )

export function newIdentityOwner(randomness: Randomness, known: Partial<IdentityOwner> = {}): IdentityOwner {
  const signer = known.signer ?? newIdentityKey()
  return {
    email: newAddress(randomness),
    walletId: newWalletId(randomness),
    accountId: signer.id,
    factor: newIdentityKey(),
    salt: bytesFrom(randomness, 16).toString('base64'),
    keychain: keychainOf(bytesFrom(randomness, 90).toString('base64')),
    factorKeychain: keychainOf(bytesFrom(randomness, 90).toString('base64')),
    ...known,
    signer,
  }
}

interface Special {
  readonly type?: string
  readonly relationships?: object
  readonly included?: readonly object[]
  readonly attributes?: object
}

/** A wallet as clients send it. */
export function walletBody(owner: IdentityOwner, special: Special = {}) {
  const { email, walletId, accountId, factor, salt, keychain, factorKeychain } = owner
  const { type = 'wallet', relationships = {}, included = [], attributes = {} } = special
  return {
    data: {
      type,
      id: walletId,
      attributes: { account_id: accountId, email, salt, keychain_data: keychain, ...attributes },
      relationships: {
        kdf: { data: { type: 'kdf', id: 2 } },
        factor: { data: { type: 'password', id: walletId } },
        ...relationships,
      },
    },
    included: [
      {
        type: 'password',
        id: walletId,
        attributes: { account_id: factor.id, salt, keychain_data: factorKeychain },
      },
      ...included,
    ],
  }
}

/** With its own key as the account's. */
export const newWallet = (owner: IdentityOwner) =>
  walletBody(owner, {
    relationships: { signers: { data: [{ type: 'signer', id: owner.signer.id }] } },
    included: [
      { type: 'signer', id: owner.signer.id, attributes: { role_id: 2, weight: 1000, identity: 1, details: '{}' } },
    ],
  })

/** Changes the wallet and, by an envelope, the signers of its account. The owner is as he is to be. */
export const changedWallet = (next: IdentityOwner, envelope: string) =>
  walletBody(next, {
    relationships: { transaction: { data: { type: 'transaction', id: '1' } } },
    included: [{ type: 'transaction', id: '1', attributes: { envelope } }],
    attributes: { account_id: next.signer.id },
  })

export const recoveryWallet = (next: IdentityOwner) =>
  walletBody(next, {
    type: 'recovery-wallet',
    relationships: { signer: { data: { type: 'signer', id: next.signer.id } } },
  })
