import { isAdmin, isOwner } from '../ledger/authority.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** As whom somebody manages invites. */
export interface Manager {
  readonly as: 'admin' | 'sale-owner'
  /** `G…`: whom invites count against. */
  readonly account: string
}

/** Whoever signs for the owner of a sale manages who is invited to it, administrators who is invited at all. */
export async function managerOf(
  ledger: Ledger,
  { key, sale }: { readonly key: string; readonly sale: string | undefined },
): Promise<Manager | undefined> {
  if (await isAdmin(ledger, key)) return { as: 'admin', account: (await ledger.info()).masterAccountId }
  const account = sale === undefined ? undefined : await ledger.saleOwner?.(sale)
  return account !== undefined && (await isOwner(ledger, { account, key })) ? { as: 'sale-owner', account } : undefined
}
