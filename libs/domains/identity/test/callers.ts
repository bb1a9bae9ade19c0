import type { IdentityWorld } from './identity-world.ts'
import { type SigningKey, signingKey } from './signing-key.ts'
import { newUser, type WalletOwner } from './wallet-owner.ts'

export const callers = ['unsigned', 'stranger', 'owner', 'recovering', 'sale owner', 'admin'] as const
export type Caller = (typeof callers)[number]

/** The keys of everybody who may ask about a person. */
export interface People {
  readonly user: WalletOwner
  /** A sale of the sale owner's. */
  readonly sale: string
  readonly keys: Readonly<Record<Caller, SigningKey | undefined>>
}

/** A person with a wallet, a key that recovery let in there, somebody else, and somebody who sells. */
export async function people(world: IdentityWorld, keepSale: KeepSale): Promise<People> {
  const [user, other, seller] = [await newUser(world), await newUser(world), await newUser(world)]
  const recovering = signingKey()
  await world.ledger.beginKycRecovery({ account: user.account, signer: recovering.id })
  const sale = `${String(Date.now())}-${seller.account.slice(-6)}`
  await keepSale(world, { id: sale, owner: seller.account })
  return {
    user,
    sale,
    keys: {
      unsigned: undefined,
      stranger: other.key,
      owner: user.key,
      recovering,
      'sale owner': seller.key,
      admin: world.admin,
    },
  }
}

type KeepSale = (
  world: Pick<IdentityWorld, 'database' | 'hsm'>,
  sale: { readonly id: string; readonly owner: string },
) => Promise<void>
