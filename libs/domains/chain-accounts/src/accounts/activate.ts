import { ChainUnavailable, type Chain, type Chains } from '@strongroom/chains'
import { sweep } from '@strongroom/jobs'
import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { isGenuineAddress, stampAddress } from './addresses.ts'
import { findPending, type PendingAddress, settleAddress, takeRetry, touchAddress } from './addresses-store.ts'
import { accountPlan, standsAsPlanned } from './signers.ts'
import { markAccountActive } from './store.ts'

export interface ActivateDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly chains: Chains
}

const SECONDS = 2
const AT_ONCE = 100

/** Looks where deployments were sent: an account counts once our code and exactly our signers were read there. */
export const activation = sweep<ActivateDeps>()({
  name: 'chain-accounts.activate',
  every: SECONDS,
  async run(deps, signal) {
    const { database, chains } = deps
    const pending = await findPending(database, { chains: chains.names, limit: AT_ONCE })
    const away = new Map<string, ChainUnavailable>()
    for (const row of pending) {
      const chain = chains.get(row.chainName)
      if (signal.aborted) return
      if (!chain || away.has(row.chainName)) {
        await touchAddress(database, row)
        continue
      }
      await lookAt(deps, chain, row).catch(async (error: unknown) => {
        // One chain that is away holds up no other, nor do all that wait for it: they go behind.
        if (!(error instanceof ChainUnavailable)) throw error
        away.set(row.chainName, error)
        await touchAddress(database, row)
      })
    }
    const [outage] = away.values()
    if (outage) throw outage
  },
})

async function lookAt({ database, hsm }: ActivateDeps, chain: Chain, row: PendingAddress): Promise<unknown> {
  const owner = { id: row.accountId, appId: row.appId }
  const sent = await chain.transaction(database, row.transactionId)
  if (!sent || sent.state === 'queued' || sent.state === 'sent') return touchAddress(database, row)
  // Another plan than ours, or another state, was written past us: it is left alone, and never stands.
  if (!(await isGenuineAddress(hsm, owner, row))) return touchAddress(database, row)
  const derived = chain.addressOf(accountPlan(row.accountId, row.plan))
  const address = derived ?? (await chain.deployedAddress(database, row.transactionId))
  const standing = address === undefined ? undefined : await chain.readAccount(address)
  if (address === undefined || !standing) {
    return sent.state === 'succeeded' ? touchAddress(database, row) : retry(database, chain, row)
  }
  const state = standsAsPlanned(row.plan, standing) ? ('active' as const) : ('foreign' as const)
  const transactionHash = 'hash' in sent ? sent.hash : null
  const stamp = await stampAddress(hsm, owner, { ...row, address, state })
  return database.transaction(async (tx) => {
    if (!(await settleAddress(tx, { ...row, address, state, stamp, transactionHash }))) return
    if (state === 'active') await markAccountActive(tx, row.accountId)
  })
}

/** The same plan is the same deployment: what came to nothing is queued anew, and what is under way is left alone. */
async function retry(database: Database, chain: Chain, row: PendingAddress): Promise<unknown> {
  const { accountId, appId, plan } = row
  await touchAddress(database, row)
  return database.transaction(async (tx) => {
    if (await takeRetry(tx, row)) await chain.queueDeployment(tx, accountPlan(accountId, plan), { appId })
  })
}
