import type { Chain } from '@strongroom/chains'
import type { Keystore } from '@strongroom/hsm'
import type { Statements } from '@strongroom/storage'
import type { Policies } from '../policies.ts'
import { ChainName } from '../shapes.ts'
import { stampAddress } from './addresses.ts'
import { insertAddress, type NewAddress } from './addresses-store.ts'
import type { KeyRow } from './key-row.ts'
import type { Owner } from './names.ts'
import { accountPlan, planOf } from './signers.ts'

export type DrawnDeployment = Omit<NewAddress, 'transactionId'>

/** An account as it is to stand on a chain, with these keys; ready to be queued. Asks the token: before a transaction. */
export async function drawDeployment(
  { hsm, policies }: { hsm: Keystore; policies: Policies },
  owner: Owner,
  { chain, keys }: { chain: Chain; keys: readonly Pick<KeyRow, 'publicKey' | 'kind'>[] },
): Promise<DrawnDeployment> {
  const plan = planOf(policies, keys)
  const address = chain.addressOf(accountPlan(owner.id, plan)) ?? null
  const row = { chainName: ChainName.parse(chain.name), address, plan, state: 'pending' } as const
  return { accountId: owner.id, chainName: row.chainName, address, plan, stamp: await stampAddress(hsm, owner, row) }
}

/** Queues it in the caller's transaction. False where the account has an address there, or is about to. */
export async function queueDeployment(
  tx: Statements,
  { chain, appId }: { chain: Chain; appId: string },
  drawn: DrawnDeployment,
): Promise<boolean> {
  const { accountId, plan } = drawn
  const transactionId = await chain.queueDeployment(tx, accountPlan(accountId, plan), { appId })
  return insertAddress(tx, { ...drawn, transactionId })
}

/** Flow takes bare P-256 keys alone: a passkey can be no signer there. */
export const canStandOn = (chain: Chain, keys: readonly Pick<KeyRow, 'kind'>[]): boolean =>
  chain.type === 'evm' || keys.every(({ kind }) => kind !== 'passkey')
