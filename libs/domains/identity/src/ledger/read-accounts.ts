import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { rowForged } from './events.ts'
import type { LedgerSigner } from './ledger.ts'
import type { Account, EndedRecovery, Recovery } from './recoveries.ts'
import { readRequest } from './recovery-request.ts'
import type { SignerRoles } from './signer-rules.ts'
import { forgottenStamp, isStamp, type Place, recoveryStamp, type SignerJudge } from './stamps.ts'
import { type AccountRows, findAccount, findAccounts, type RecoveryRow, type SignerRow, type Wanted } from './store.ts'

/** An account, and the version that a change of it has to find. */
export interface VersionedAccount extends Account {
  readonly version: string
}

export interface Reading {
  readonly database: Database
  readonly hsm: Keystore
  readonly roles: SignerRoles
  readonly isGenuine: SignerJudge
  readonly tellForged: (row: ForgedRow) => Promise<void>
}

export interface ForgedRow {
  readonly account: string
  readonly kind: 'signer' | 'recovery' | 'transaction' | 'sale' | 'forgotten'
  readonly row: string
  readonly stamp: Uint8Array
}

/**
 * An account as the token knows it: a row without its stamp is as if it were not there. Of one that was forgotten the name is
 * left: nobody's, and nobody gets it.
 */
export async function readAccount(deps: Reading, account: string): Promise<VersionedAccount | 'forgotten' | undefined> {
  const rows = await findAccount(deps.database.reading, account)
  return rows && believe(deps, rows)
}

export async function readAccounts(deps: Reading, wanted: Wanted): Promise<ReadonlyMap<string, VersionedAccount>> {
  const rows = await findAccounts(deps.database.reading, wanted)
  const accounts = await Promise.all(rows.map((one) => believe(deps, one)))
  return new Map(accounts.flatMap((one) => (one === 'forgotten' ? [] : [[one.account, one] as const])))
}

async function believe(deps: Reading, rows: AccountRows): Promise<VersionedAccount | 'forgotten'> {
  const { account, version } = rows
  if (rows.forgotten && (await isForgotten(deps, rows, rows.forgotten))) return 'forgotten'
  const [signers, recovery] = await Promise.all([
    Promise.all(rows.signers.map((row) => believeSigner(deps, rows, row))),
    rows.recovery && believeRecovery(deps, rows, rows.recovery),
  ])
  const open = isOpen(recovery) ? recovery : undefined
  const believed = signers.filter((signer) => signer !== undefined)
  return { account, version, signers: withRoleOfNow(believed, open?.signer, deps.roles), recovery: open }
}

async function isForgotten(deps: Reading, { account, version }: Place, stamp: Uint8Array): Promise<boolean> {
  if (isStamp(stamp, await forgottenStamp(deps.hsm, { account, version }))) return true
  await deps.tellForged({ account, kind: 'forgotten', row: account, stamp })
  return false
}

/** An operator who gives the role of recoveries another number must not make owners of the keys that have the old one. */
const withRoleOfNow = (
  signers: readonly LedgerSigner[],
  letIn: string | undefined,
  { recovering }: SignerRoles,
): readonly LedgerSigner[] =>
  signers.flatMap((signer) => {
    if (signer.key !== letIn) return [signer]
    return recovering === undefined ? [] : [{ ...signer, role: recovering }]
  })

const isOpen = (recovery: Recovery | EndedRecovery | undefined): recovery is Recovery =>
  recovery?.state === 'begun' || recovery?.state === 'requested' || recovery?.state === 'rejected'

async function believeSigner(deps: Reading, place: Place, row: SignerRow): Promise<LedgerSigner | undefined> {
  const { stamp, ...signer } = row
  if (await deps.isGenuine(place, signer, stamp)) return signer
  await deps.tellForged({ account: place.account, kind: 'signer', row: row.key, stamp })
  return undefined
}

/** @param place Without a version for a recovery that has ended. */
export async function believeRecovery(
  deps: Reading,
  { account, version }: { readonly account: string; readonly version: string | undefined },
  row: RecoveryRow,
): Promise<Recovery | EndedRecovery | undefined> {
  const { id, state, stamp } = row
  const request = row.request ? attempt(row.request) : undefined
  const kept = { id, signer: row.signer ?? undefined, request, rejectReason: row.rejectReason ?? undefined }
  const recovery = { ...kept, account, state } as Recovery | EndedRecovery
  const place = version === undefined ? { account, version } : { account, version }
  if (isStamp(stamp, await recoveryStamp(deps.hsm, place, recovery))) return recovery
  await deps.tellForged({ account, kind: 'recovery', row: String(id), stamp })
  return undefined
}

function attempt(request: Uint8Array) {
  try {
    return readRequest(request)
  } catch {
    return undefined
  }
}

const MOST_TOLD = 1000

/** Into the audit log, once a process: who reads an account again and again must not fill it. */
export function forgedTeller(database: Database): Reading['tellForged'] {
  const told = new Set<string>()
  return async ({ account, kind, row, stamp }) => {
    const name = `${account}/${kind}/${row}/${toHex(stamp)}`
    if (told.has(name)) return
    if (told.size >= MOST_TOLD) told.clear()
    told.add(name)
    await recordEvent(database, rowForged, { subject: account, detail: { kind, row } })
  }
}
