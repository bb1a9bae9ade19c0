import type { Secret } from '@strongroom/crypto'

/** A wallet as the server may have it: `sealWallet` makes one. */
export interface SealedWallet {
  readonly id: Secret
  readonly email: string
  /** `G…`: of a new wallet its account; of a changed one the key that signs from now on. */
  readonly accountId: string
  readonly kdfVersion: number
  /** Base64, 16 bytes. */
  readonly salt: string
  readonly keychainData: string
  /** The same password over another key and salt: what proves the password without the wallet's key. */
  readonly passwordFactor: { readonly accountId: string; readonly salt: string; readonly keychainData: string }
}

export interface NewSigner {
  /** `G…` */
  readonly id: string
  readonly roleId: number
  /** At most 1000, which is what all signers together need. */
  readonly weight: number
  readonly identity: number
}

export interface NewWallet extends SealedWallet {
  readonly signers: readonly NewSigner[]
  /** The token of an invitation's or another mail: the wallet is then verified at once. */
  readonly verificationCode?: Secret | undefined
  /** `G…`, of a wallet that is there. */
  readonly referrer?: string | undefined
}

const TRANSACTION = { type: 'transaction', id: '1' } as const

export const newWalletBody = ({ signers, verificationCode, referrer, ...wallet }: NewWallet) =>
  bodyOf(wallet, {
    attributes: { ...(verificationCode && { verification_code: verificationCode }) },
    relationships: {
      signers: { data: signers.map(({ id }) => ({ type: 'signer', id })) },
      ...(referrer !== undefined && { referrer: to('referrer', referrer) }),
    },
    included: signers.map(signerResource),
  })

/** @param envelope Base64 XDR of the transaction that makes `accountId` a signer. */
export const changedWalletBody = (wallet: SealedWallet, envelope: string) =>
  bodyOf(wallet, {
    relationships: { transaction: { data: TRANSACTION } },
    included: [{ ...TRANSACTION, attributes: { envelope } }],
  })

/** A new address for the same keys. */
export const movedWalletBody = (wallet: SealedWallet) => bodyOf(wallet, {})

export const recoveryWalletBody = (wallet: SealedWallet) =>
  bodyOf(wallet, { type: 'recovery-wallet', relationships: { signer: to('signer', wallet.accountId) } })

interface Special {
  readonly type?: string
  readonly attributes?: object
  readonly relationships?: object
  readonly included?: readonly object[]
}

function bodyOf(wallet: SealedWallet, { type = 'wallet', attributes, relationships, included = [] }: Special) {
  const { id, email, accountId, kdfVersion, salt, keychainData, passwordFactor } = wallet
  const factor = { type: 'password', id }
  return {
    data: {
      type,
      id,
      attributes: { email, account_id: accountId, salt, keychain_data: keychainData, ...attributes },
      // The version as a number: TokenD's own client lower-cases addresses for the number 2 alone.
      relationships: { kdf: to('kdf', kdfVersion), factor: { data: factor }, ...relationships },
    },
    included: [
      {
        ...factor,
        attributes: {
          account_id: passwordFactor.accountId,
          salt: passwordFactor.salt,
          keychain_data: passwordFactor.keychainData,
        },
      },
      ...included,
    ],
  }
}

const to = (type: string, id: string | number) => ({ data: { type, id } })

const signerResource = ({ id, roleId, weight, identity }: NewSigner) => ({
  type: 'signer',
  id,
  attributes: { role_id: roleId, weight, identity },
})
