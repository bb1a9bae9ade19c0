import { ChainUnavailable, type StandingAccount } from '@strongroom/chains'
import { equalBytes, fromHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { ChainDeps } from '../accounts/chain-of.ts'
import { isGenuineKey, type KeyRow, stampKey } from '../accounts/key-row.ts'
import { activateKey, findKey, markRevoked } from '../accounts/keys-store.ts'
import type { Owner } from '../accounts/names.ts'
import { schemeOf } from '../accounts/signers.ts'
import { sweep } from '@strongroom/jobs'
import type { Database, Statements } from '@strongroom/storage'
import { mayStillSign } from '../keys/forget-key.ts'
import type { Policies } from '../policies.ts'
import { endFamiliesOf } from '../tokens/store.ts'
import { standingOn } from '../two-factor/standing.ts'
import { wasDenied } from '../two-factor/store.ts'
import { tellOfKey } from '../two-factor/tell.ts'
import { Refusal } from '@strongroom/http'
import { findUnsettled, markLooked, markSettled } from './signed-store.ts'
import type { ChangeRow } from './store.ts'

export interface SettleDeps extends ChainDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
}

const AT_ONCE = 50

/** A key that was signed in counts here once it counts on the chain; one that was taken away no longer than it does. */
export const settling = sweep<SettleDeps>()({
  name: 'chain-accounts.settle-changes',
  every: 2,
  async run(deps, signal) {
    for (const row of await findUnsettled(deps.database, AT_ONCE)) {
      if (signal.aborted) return
      await markLooked(deps.database, row.id)
      // A chain that is away holds up no other; the next round looks again.
      await settle(deps, row).catch((error: unknown) => {
        if (!(error instanceof ChainUnavailable)) throw error
      })
    }
  },
})

async function settle(deps: SettleDeps, row: ChangeRow): Promise<void> {
  const { database, chains } = deps
  const owner = { id: row.accountId, appId: row.appId }
  const chain = chains.get(row.chainName)
  const standing = chain && (await standingOn(deps, owner, chain))
  if (!chain || !standing || standing instanceof Refusal) return
  const account = await chain.readAccount(standing.address)
  if (!account?.isGenuine) return
  const added: KeyRow[] = []
  const removed: KeyRow[] = []
  for (const { kind, publicKey: text } of row.changes) {
    const publicKey = fromHex(text)
    const key = await findKey(database, { accountId: row.accountId, publicKey })
    const stands = account.signers.some((one) => equalBytes(one.publicKey, publicKey))
    const isThere = kind === 'add-signer' ? key !== undefined && countsOn(account, key, deps.policies) : stands
    if ((kind === 'add-signer') !== isThere) return
    if (key && isThere) added.push(key)
    if (key && !isThere) removed.push(key)
  }
  const gone = await goneFrom(deps, owner, removed)
  await activate(deps, owner, { added, gone, changeId: row.id })
}

/** Of keys that were taken away those that count on no chain any more: what they opened here is over as well. */
export async function goneFrom(
  deps: Pick<SettleDeps, 'database' | 'hsm' | 'chains'>,
  owner: Owner,
  removed: readonly KeyRow[],
): Promise<readonly KeyRow[]> {
  const gone: KeyRow[] = []
  for (const key of removed.filter(({ type, state }) => type !== 'server-key' && state !== 'revoked'))
    if (!(await mayStillSign(deps, owner, key.publicKey))) gone.push(key)
  return gone
}

export async function revokeGone(tx: Statements, gone: readonly KeyRow[]): Promise<void> {
  for (const { id } of gone) if (await markRevoked(tx, id)) await endFamiliesOf(tx, id)
}

export const countsOn = (
  { signers }: StandingAccount,
  key: Pick<KeyRow, 'publicKey' | 'kind'>,
  { weight }: Policies,
): boolean =>
  signers.some(
    (one) => equalBytes(one.publicKey, key.publicKey) && one.scheme === schemeOf(key) && one.weight === weight,
  )

async function activate(
  { database, hsm }: SettleDeps,
  owner: Owner,
  { added, gone, changeId }: Record<'added' | 'gone', readonly KeyRow[]> & { readonly changeId: string },
): Promise<void> {
  const pending = added.filter(({ state }) => state === 'pending')
  const stamps = await Promise.all(
    pending.map(async (key) => {
      if (!(await isGenuineKey(hsm, owner, key))) throw new Error('a pending key is not as we wrote it')
      return { id: key.id, stamp: await stampKey(hsm, owner, { ...key, state: 'active' }) }
    }),
  )
  await database.transaction(async (tx) => {
    // Denied after we had signed: it weighs on the chain, and opens nothing here.
    for (const one of stamps)
      if ((await wasDenied(tx, changeId)) || (await activateKey(tx, one))) await tellOfKey(tx, one.id)
    await revokeGone(tx, gone)
    await markSettled(tx, changeId)
  })
}
