import { newSeed, type Signer, signerOf } from '@strongroom/identity-client'
import type { Answered, Asked, World } from './client.ts'
import { bodyOf, newOwner, newSalt, newKeychain, newWalletId, type Owner, passwordOf } from './owners.ts'
import { adding, envelopeOf, removing } from './transactions.ts'
import { passing } from './demands.ts'

/** What a wallet becomes with another password, and so another id and key, for the same account. */
export const newPassword = (owner: Owner): Owner => ({
  ...owner,
  walletId: newWalletId(),
  signer: signerOf(newSeed()),
  factor: signerOf(newSeed()),
})

export const changeBody = (next: Owner, envelope: string, attributes: object = {}) => ({
  data: {
    type: 'wallet',
    id: next.walletId,
    attributes: {
      account_id: next.signer.keyId,
      email: next.email,
      salt: newSalt(),
      keychain_data: newKeychain(),
      ...attributes,
    },
    relationships: {
      kdf: { data: { type: 'kdf', id: 2 } },
      factor: { data: { type: 'password', id: next.walletId } },
      transaction: { data: { type: 'transaction', id: '1' } },
    },
  },
  included: [passwordOf(next), { type: 'transaction', id: '1', attributes: { envelope } }],
})

/** The new key instead of the old one. */
export const swap = ({ ask }: Pick<World, 'ask'>, owner: Owner, next: Pick<Owner, 'signer'>): Promise<string> =>
  envelopeOf(ask, {
    source: owner.accountId,
    operations: [adding(next.signer.keyId), removing(owner.signer.keyId)],
    signers: [owner.signer],
  })

export const updating = (owner: Pick<Owner, 'walletId' | 'signer'>, body: unknown): Asked => ({
  method: 'PUT',
  path: `/wallets/${owner.walletId}`,
  by: owner.signer,
  body,
})

/** Asks for it, and proves the password. */
export async function changePassword(world: World, owner: Owner, next: Owner = newPassword(owner)) {
  const body = changeBody(next, await swap(world, owner, next))
  return { next, body, changed: await passing(world, updating(owner, body), { password: owner.factor }) }
}

/** A KYC recovery, by a key that nobody knows yet. */
export const recovering = (next: Owner, by: Signer = next.signer): Asked => {
  const { data, included } = bodyOf(next, {
    data: { type: 'recovery-wallet' },
    relationships: { signer: { data: { type: 'signer', id: next.signer.keyId } } },
  })
  return { method: 'PUT', path: `/wallets/${next.walletId}`, by, body: { data, included: included.slice(0, 1) } }
}

export const newRecovery = ({ email }: Pick<Owner, 'email'>): Owner => newOwner({ email })

export const restoring = ({ walletId, signer }: Pick<Owner, 'walletId' | 'signer'>): Asked => ({
  method: 'POST',
  path: `/wallets/${walletId}/restoration`,
  by: signer,
})

/** Another address, and so another id, for the same keys. */
export const newAddress = (owner: Owner, email: string): Owner => ({
  ...owner,
  email,
  walletId: newWalletId(),
  factor: signerOf(newSeed()),
})

export const moving = ({ walletId }: Pick<Owner, 'walletId'>, next: Owner): Asked => ({
  method: 'POST',
  path: `/wallets/${walletId}`,
  body: bodyOf(next),
})

/** Asks for another address, and proves the password. */
export async function askForAddress(world: World, owner: Owner, next: Owner): Promise<Answered> {
  return passing(world, moving(owner, next), { password: owner.factor })
}
