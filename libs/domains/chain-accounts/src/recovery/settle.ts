import { ChainUnavailable } from '@strongroom/chains'
import { equalBytes } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { sweep } from '@strongroom/jobs'
import { isGenuineKey, stampKey } from '../accounts/key-row.ts'
import { activateKey, findKeyById, findKeys } from '../accounts/keys-store.ts'
import { countsOn, goneFrom, revokeGone, type SettleDeps } from '../sign/settle.ts'
import { standingOn } from '../two-factor/standing.ts'
import { findUnsettled, markLooked, markSettled } from './signed-store.ts'
import { expireRecoveries, forgetRecoveries, type RecoveryRow } from './store.ts'

const AT_ONCE = 50

/** The new device counts here, and its tokens serve, once it counts on the chain. */
export const settling = sweep<SettleDeps>()({
  name: 'chain-accounts.settle-recoveries',
  every: 2,
  async run(deps, signal) {
    const failed: unknown[] = []
    await expireRecoveries(deps.database)
    for (const row of await findUnsettled(deps.database, AT_ONCE)) {
      if (signal.aborted) return
      await markLooked(deps.database, row.id)
      // A row that somebody wrote past us, or a chain that is away, holds up no other.
      await settle(deps, row).catch((error: unknown) => {
        if (!(error instanceof ChainUnavailable)) failed.push(error)
      })
    }
    if (failed.length > 0) throw new AggregateError(failed, 'recoveries could not be settled')
  },
})

export const forgetting = sweep<Pick<SettleDeps, 'database'>>()({
  name: 'chain-accounts.forget-recoveries',
  every: 3600,
  run: ({ database }) => forgetRecoveries(database),
})

async function settle(deps: SettleDeps, row: RecoveryRow): Promise<void> {
  const { database, hsm, chains, policies } = deps
  const owner = { id: row.accountId, appId: row.appId }
  const chain = row.chainName === null ? undefined : chains.get(row.chainName)
  const standing = chain && (await standingOn(deps, owner, chain))
  if (!chain || !standing || standing instanceof Refusal || row.newKey === null) return
  const [account, key] = await Promise.all([chain.readAccount(standing.address), findKeyById(database, row.newKey)])
  if (!account?.isGenuine || key?.accountId !== owner.id || !countsOn(account, key, policies)) return
  if (key.state === 'pending' && !(await isGenuineKey(hsm, owner, key)))
    throw new Error('a pending key is not as we wrote it')
  const stamp = await stampKey(hsm, owner, { ...key, state: 'active' })
  // Lost devices may have gone with it.
  const devices = (await findKeys(database, owner.id)).filter(
    ({ type, state }) => type === 'user-key' && state === 'active',
  )
  const lost = devices.filter(
    (one) => one.id !== key.id && !account.signers.some((by) => equalBytes(by.publicKey, one.publicKey)),
  )
  const gone = await goneFrom(deps, owner, lost)
  await database.transaction(async (tx) => {
    await revokeGone(tx, gone)
    if (key.state === 'pending') await activateKey(tx, { id: key.id, stamp })
    await markSettled(tx, row.id)
  })
}
