import { openAddressSecret, openContents, openPassword } from '../wallets/contents.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { type Factor, findFactorSecret, type Wallet, WalletContended } from '../wallets/store.ts'

/** A number or username that the request wants to prove. */
export interface Claim {
  readonly type: 'phone' | 'telegram'
  readonly address: string
}

/** What a demand says beside its token, and where its code goes. */
export interface DemandFacts {
  readonly address?: string
  readonly meta: { readonly keychain_data?: string; readonly salt?: string; readonly bot_url?: string }
}

export async function demandFacts(
  deps: Pick<IdentityDeps, 'database' | 'hsm' | 'messenger'>,
  { wallet, claim }: { readonly wallet: Wallet; readonly claim?: Claim },
  factor: Factor,
): Promise<DemandFacts> {
  const { database, hsm, messenger } = deps
  const { ref, type } = factor
  switch (type) {
    case 'totp':
      return { meta: {} }
    case 'email':
      return { address: (await openContents(hsm, wallet)).email, meta: {} }
    case 'password': {
      const found = await findFactorSecret(database.reading, ref)
      if (!found) throw new WalletContended()
      if (!found.secret) throw new Error('a password factor has no secret')
      const { keychain, salt } = await openPassword(hsm, { wallet, ref, type }, found.secret)
      return { meta: { keychain_data: keychain, salt } }
    }
    case 'phone':
    case 'telegram': {
      const address = claim?.type === type ? claim.address : await provenAddress(deps, wallet, factor)
      const meta = type === 'telegram' && messenger ? { bot_url: messenger.botUrl } : {}
      return { ...(address !== undefined && { address }), meta }
    }
  }
}

/** None of a factor whose number was never proved. */
async function provenAddress(
  { database, hsm }: Pick<IdentityDeps, 'database' | 'hsm'>,
  wallet: Wallet,
  { ref, type }: Factor,
): Promise<string | undefined> {
  const found = await findFactorSecret(database.reading, ref)
  return found?.secret ? (await openAddressSecret(hsm, { wallet, ref, type }, found.secret)).address : undefined
}
