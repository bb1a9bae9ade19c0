import { equalBytes } from '@strongroom/crypto'
import { Unopenable } from '@strongroom/hsm'
import type { Refusal } from '@strongroom/http'
import { sweep } from '@strongroom/jobs'
import type { Statements } from '@strongroom/storage'
import type { transactionRejected } from '../ledger/contract.ts'
import { standingOf } from '../ledger/authority.ts'
import { rejectedBy } from '../ledger/rejected-by.ts'
import { conflict, wrongField } from '../wallets/contract.ts'
import { findWalletById, freeNames } from '../wallets/store.ts'
import { applyChange, type ChangeDeps } from './apply-change.ts'
import { findLetIn } from './holds.ts'
import { type Change, endChange, findUnfinished, isGenuine, putOff } from './store.ts'

type No = ReturnType<typeof transactionRejected> | Refusal<'conflict'> | Refusal<'field-refused'>

/**
 * Asks the ledger, and changes the wallet if it accepts. The ledger answers the same however often it is asked, so that
 * this may be interrupted anywhere, by a crash or an outage, and begun again by anybody.
 */
export async function finishChange(deps: ChangeDeps, change: Change): Promise<'applied' | No> {
  const refused = (await isOvertaken(deps, change)) ? conflict() : await askLedger(deps, change)
  if (!refused) return apply(deps, change)
  await deps.database.transaction((tx) => drop(tx, change))
  return refused
}

/**
 * Whether the wallet is another than it was asked of: then nobody asked this of it, but a table says so. While the ledger is asked,
 * nothing replaces a wallet; a recovery that was brought back leaves it under the same id, and its key not on the ledger.
 */
async function isOvertaken(deps: ChangeDeps, change: Change): Promise<boolean> {
  const { walletId, fromLookup, fromVersion, kind, signer } = change
  const wallet = await findWalletById(deps, walletId)
  if (!wallet || !equalBytes(wallet.lookup, fromLookup)) return true
  if (kind !== 'recovery' || signer === null || wallet.version === fromVersion) return false
  return (await standingOf(deps.ledger, { account: wallet.accountId, key: signer })) !== 'recovering'
}

/** What was brought back meanwhile leaves no key behind that the ledger let in after it. */
async function apply(deps: ChangeDeps, change: Change): Promise<'applied' | Refusal<'conflict'>> {
  const applied = await applyChange(deps, change)
  const { kind, signer, walletId } = change
  if (applied === 'applied' || kind !== 'recovery' || signer === null) return applied
  const wallet = await findWalletById(deps, walletId)
  const isHeld = (await findLetIn(deps, walletId)).includes(signer)
  if (wallet && !isHeld) await deps.ledger.cancelKycRecovery({ account: wallet.accountId, signer })
  return applied
}

async function askLedger({ ledger, ...deps }: ChangeDeps, change: Change): Promise<No | undefined> {
  const { envelope, signer, walletId } = change
  const outcome = envelope === null ? undefined : await ledger.submit(envelope)
  if (outcome?.outcome === 'rejected') return rejectedBy(outcome)
  const wallet = await findWalletById(deps, walletId)
  if (signer === null || !wallet) return undefined
  if (outcome) {
    // Applied long ago, a transaction is answered as then: who signs may have changed since.
    const signers = await ledger.signersOf(wallet.accountId)
    const signs = signers?.some(({ key, weight }) => key === signer && weight > 0)
    return signs ? undefined : wrongField('/data/attributes/account_id', 'does not sign after the transaction')
  }
  const begun = await ledger.beginKycRecovery({ account: wallet.accountId, signer })
  return begun === 'begun' ? undefined : wrongField('/data/type', 'accounts are not recovered here')
}

async function drop(tx: Statements, { id, walletId }: Change): Promise<void> {
  if (await endChange(tx, id, 'dropped')) await freeNames(tx, walletId)
}

async function finishFound(deps: ChangeDeps, change: Change): Promise<void> {
  // Nobody asked for it: the ledger would let in whatever key its row names.
  if (!(await isGenuine(deps.hsm, change))) throw new Unopenable()
  await finishChange(deps, change)
}

/** An outage of the ledger leaves them for the next time. What fails for one fails after the others had their turn. */
export const changeFinisher = sweep<ChangeDeps>()({
  name: 'identity.finish-changes',
  every: 10,
  async run(deps, signal) {
    const failures: unknown[] = []
    for (const change of await findUnfinished(deps.database)) {
      if (signal.aborted) return
      await finishFound(deps, change).catch(async (error: unknown) => {
        failures.push(error)
        await putOff(deps.database, change.id)
      })
    }
    if (failures.length > 0) throw failures[0]
  },
})
