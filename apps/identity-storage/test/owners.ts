import { randomBytes } from 'node:crypto'
import { newSeed, type Signer, signerOf } from '@strongroom/identity-client'
import { expect } from 'vitest'
import { newEmail, type World } from './client.ts'

/** Whoever made a wallet, and what they have of it. No key is derived: to the server, ids and keychains are texts. */
export interface Owner {
  readonly email: string
  readonly walletId: string
  /** Signs for the account. */
  readonly signer: Signer
  readonly accountId: string
  /** Proves the password. */
  readonly factor: Signer
}

export const newOwner = (known: Partial<Owner> = {}): Owner => {
  const signer = known.signer ?? signerOf(newSeed())
  return {
    email: newEmail(),
    walletId: newWalletId(),
    accountId: signer.keyId,
    factor: signerOf(newSeed()),
    ...known,
    signer,
  }
}

export const newWalletId = (): string => randomBytes(32).toString('hex')
export const newSalt = (): string => randomBytes(16).toString('base64')

/** A keychain as clients send it, of so many characters where that is said: a multiple of four. */
export function newKeychain(length = 400): string {
  const parts = { IV: randomBytes(12).toString('base64'), cipherText: '', cipherName: 'aes', modeName: 'gcm' }
  const left = (length / 4) * 3 - JSON.stringify(parts).length
  const cipherText = randomBytes(left).toString('base64').slice(0, left)
  return Buffer.from(JSON.stringify({ ...parts, cipherText })).toString('base64')
}

interface Parts {
  readonly attributes?: object
  readonly relationships?: object
  readonly included?: readonly unknown[]
  readonly data?: object
}

/** What makes the wallet. */
export function bodyOf({ email, walletId, accountId, signer, factor }: Owner, more: Parts = {}) {
  return {
    data: {
      type: 'wallet',
      id: walletId,
      attributes: {
        account_id: accountId,
        email,
        salt: newSalt(),
        keychain_data: newKeychain(),
        ...more.attributes,
      },
      relationships: {
        kdf: { data: { type: 'kdf', id: 2 } },
        factor: { data: { type: 'password', id: walletId } },
        signers: { data: [{ type: 'signer', id: signer.keyId }] },
        ...more.relationships,
      },
      ...more.data,
    },
    included: more.included ?? [passwordOf({ walletId, factor }), signerIn(signer.keyId)],
  }
}

export const passwordOf = ({ walletId, factor }: Pick<Owner, 'walletId' | 'factor'>, more: object = {}) => ({
  type: 'password',
  id: walletId,
  attributes: { account_id: factor.keyId, salt: newSalt(), keychain_data: newKeychain(), ...more },
})

export const signerIn = (id: string, more: object = {}) => ({
  type: 'signer',
  id,
  attributes: { role_id: 2, weight: 1000, identity: 1, ...more },
})

/** A wallet that is there. */
export async function newWallet({ ask }: Pick<World, 'ask'>, known: Partial<Owner> = {}): Promise<Owner> {
  const owner = newOwner(known)
  const made = await ask({ method: 'POST', path: '/wallets', body: bodyOf(owner) })
  expect([made.status, made.text]).toEqual([201, expect.any(String)])
  return owner
}

interface WalletAnswer {
  readonly data: {
    readonly id: string
    readonly attributes: {
      readonly account_id: string
      readonly email: string
      readonly keychain_data: string
      readonly verified: boolean
      readonly last_sent_at: string | null
    }
    readonly relationships: { readonly factor: { readonly data: { readonly id: string } } }
  }
  readonly included: readonly {
    readonly id: string
    readonly attributes: { readonly expires_at: string; readonly encryption_key: string }
  }[]
}

export const walletIn = (body: unknown): WalletAnswer => body as WalletAnswer
