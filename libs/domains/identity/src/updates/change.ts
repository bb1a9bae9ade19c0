import { fromBase64, randomUuid } from '@strongroom/crypto'
import type { z } from 'zod'
import { type PasswordSecret, sealContents, sealFactor } from '../wallets/contents.ts'
import type { NewWalletGiven, PasswordGiven } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameContact, nameWallet } from '../wallets/names.ts'
import type { Wallet } from '../wallets/store.ts'
import { type Change, stampChange } from './store.ts'

type Attributes = Pick<z.output<typeof NewWalletGiven>['attributes'], 'salt' | 'keychain_data'>

interface Given {
  readonly data: { readonly id: string; readonly attributes: Attributes }
  readonly included: readonly { readonly type: string }[]
}

export function passwordGiven({ included }: Given): PasswordSecret {
  const password = included.find((one): one is z.output<typeof PasswordGiven> => one.type === 'password')
  if (!password) throw new Error('a shape let a wallet without password pass')
  const { account_id: accountId, keychain_data: keychain, salt } = password.attributes
  return { accountId, keychain, salt }
}

interface Wish extends Pick<Change, 'kind'> {
  readonly given: Given
  readonly email: string
  /** What the ledger is asked first. */
  readonly envelope?: string | null
  readonly signer?: string | null
}

/** What a wallet is to become, sealed to the id and the address that it will have. */
export async function prepareChange(
  { hsm, random }: Pick<IdentityDeps, 'hsm' | 'random'>,
  wallet: Wallet,
  { given, email, kind, envelope = null, signer = null }: Wish,
): Promise<Change> {
  const { id: walletId, attributes } = given.data
  const [lookup, contact] = await Promise.all([nameWallet(hsm, walletId), nameContact(hsm, email)])
  const { id, accountId } = wallet
  const passwordRef = randomUuid(random)
  const [contents, passwordSecret] = await Promise.all([
    sealContents(hsm, { id, accountId, lookup, contact }, { walletId, email, keychain: attributes.keychain_data }),
    sealFactor(hsm, { wallet, ref: passwordRef, type: 'password' }, passwordGiven(given)),
  ])
  const salt = fromBase64(attributes.salt)
  const change = {
    id: randomUuid(random),
    walletId: id,
    fromLookup: wallet.lookup,
    fromVersion: wallet.version,
    kind,
    lookup,
    contact,
    salt,
    contents,
    passwordRef,
    passwordSecret,
    envelope,
    signer,
  }
  return { ...change, stamp: await stampChange(hsm, change) }
}
