import type { Chain, Chains } from '@strongroom/chains'
import type { Keystore } from '@strongroom/hsm'
import type { Statements } from '@strongroom/storage'
import type { z } from 'zod'
import type { Account, Address, Transaction } from '../shapes.ts'
import { genuineAddresses } from './addresses.ts'
import { type AddressRow, findAddresses } from './addresses-store.ts'
import type { AccountRow } from './store.ts'

export interface ViewDeps {
  readonly database: { readonly reading: Statements }
  readonly hsm: Keystore
  readonly chains: Chains
}

/** ISO 8601, UTC. */
export const timestamp = (at: Date): string => at.toISOString()

/** An account as it is told: of its addresses those that are as we wrote them, whether it stands there already or will. */
export async function accountView(deps: ViewDeps, account: AccountRow): Promise<z.input<typeof Account>> {
  const rows = await findAddresses(deps.database.reading, account.id)
  return accountAt(deps, account, await genuineAddresses(deps.hsm, account, rows))
}

/** The same of addresses that were found to be genuine. */
export function accountAt(
  { chains }: Pick<ViewDeps, 'chains'>,
  account: AccountRow,
  genuine: readonly Pick<AddressRow, 'chainName' | 'address' | 'state'>[],
): z.input<typeof Account> {
  return {
    id: account.id,
    addresses: genuine.filter(({ state }) => state !== 'foreign').flatMap((row) => addressView(chains, row)),
    parent: [],
    createdAt: timestamp(account.createdAt),
    updatedAt: timestamp(account.updatedAt),
  }
}

function addressView(
  chains: Chains,
  { chainName, address }: Pick<AddressRow, 'chainName' | 'address'>,
): z.input<typeof Address>[] {
  if (address === null) return []
  const chainId = chains.get(chainName)?.chainId ?? null
  const chainType = chainName.startsWith('flow-') ? ('cadence' as const) : ('evm' as const)
  return [{ address, profileImageUrl: null, domainName: null, chainName, chainId, chainType }]
}

/** The deployment, once it was sent. */
export async function transactionView(
  { database, chains }: ViewDeps,
  { chainName, transactionId, transactionHash }: Pick<AddressRow, 'chainName' | 'transactionId' | 'transactionHash'>,
): Promise<z.input<typeof Transaction> | null> {
  const chain = chains.get(chainName)
  if (!chain) return null
  const hash = transactionHash ?? (await hashOf(chain, database.reading, transactionId))
  return hash === undefined ? null : { id: hash, chainName, refUrl: chain.referenceOf(hash) }
}

async function hashOf(chain: Chain, statements: Statements, id: string): Promise<string | undefined> {
  const sent = await chain.transaction(statements, id)
  return sent && 'hash' in sent ? sent.hash : undefined
}
