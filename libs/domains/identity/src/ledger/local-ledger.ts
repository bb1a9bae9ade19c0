import { setTimeout } from 'node:timers/promises'
import { type RandomSource, systemRandom } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { isOutage } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { commitChange, commitForgotten, commitNewAccount, type DropKept, Overtaken } from './commit.ts'
import { readRoles, usualKeyValues } from './key-values.ts'
import { keyOfNobody } from './key-of-nobody.ts'
import { type KeyValue, type Ledger, type LedgerSigner, LedgerUnavailable } from './ledger.ts'
import { believeRecovery, forgedTeller, readAccount, type VersionedAccount } from './read-accounts.ts'
import { beginRecovery, type Changed, endRecovery, isLetIn } from './recoveries.ts'
import { type ListedRequest, listRequests } from './recovery-list.ts'
import { findSaleOwner } from './sales.ts'
import { judgeSigners, MOST_SIGNERS, THRESHOLD } from './signer-rules.ts'
import { signersAfter } from './signer-sets.ts'
import { signerJudge } from './stamps.ts'
import { findEnded, type RequestsWanted } from './store.ts'
import { findApplied, type Submitting, submitOnce } from './submit.ts'

export interface LocalLedgerOptions {
  readonly database: Database
  readonly hsm: Keystore
  readonly networkPassphrase: string
  /** `G…` */
  readonly masterAccountId: string
  /** `G…`: the master account's signers, each of whom may do all that an administrator may. Never rows of the database. */
  readonly adminKeys: readonly string[]
  /** Instead of, or beside, the usual ones. */
  readonly keyValues?: Readonly<Record<string, KeyValue>>
  readonly random?: RandomSource
  /** What an account that is forgotten takes with it. */
  readonly dropKept: DropKept
}

/** The ledger that needs nobody else: in the app's own database, its rows stamped by the app's token. */
export interface LocalLedger extends Ledger {
  /** What KYC recoveries ask for, newest first, with the hash that a review must name. */
  recoveryRequests(wanted: RequestsWanted): Promise<readonly ListedRequest[]>
}

/** @throws RangeError for keys that are none, and key values that contradict each other. */
export function localLedger(options: LocalLedgerOptions): LocalLedger {
  const { database, networkPassphrase, masterAccountId, adminKeys } = options
  const values = new Map(Object.entries({ ...usualKeyValues, ...options.keyValues }))
  const roles = readRoles(Object.fromEntries(values))
  if (![masterAccountId, ...adminKeys].every((key) => readAccountKey(key)))
    throw new RangeError('the master account or the key of an administrator is no account key')
  const random = options.random ?? systemRandom
  const administrators = [...new Set(adminKeys)].map((key, identity): LedgerSigner => ({
    key,
    weight: THRESHOLD,
    role: roles.defaultSigner,
    identity,
    details: '{}',
  }))
  const ownSigner = {
    key: keyOfNobody(networkPassphrase),
    weight: THRESHOLD,
    role: roles.defaultSigner,
    identity: 1,
    details: '{}',
  }
  const rules = { masterAccountId, administrators, enabled: roles.recoveryEnabled, roles, newId: () => drawId(random) }
  const judging = { isGenuine: signerJudge(options.hsm), tellForged: forgedTeller(database) }
  const deps: Submitting = { ...options, random, rules, roles, ...judging }
  const look = async (account: string) => (account === masterAccountId ? undefined : readAccount(deps, account))
  const find = async (account: string) => {
    const found = await look(account)
    return found === 'forgotten' ? undefined : found
  }

  return {
    info: () => Promise.resolve({ networkPassphrase, masterAccountId }),
    keyValue: (name) => Promise.resolve(values.get(name)),
    signersOf: (account) =>
      answer(async () => (account === masterAccountId ? administrators : (await find(account))?.signers)),

    createAccount: ({ account, signers: given }) =>
      answer(async () => {
        const signers = given.length > 0 ? given : [ownSigner]
        const fault = readAccountKey(account) ? judgeSigners(signers, roles) : 'key-unusable'
        if (fault) throw new RangeError(`the signers of a new account were not judged before: ${fault}`)
        if (account === masterAccountId) return 'taken'
        const existing = await look(account)
        if (existing === 'forgotten') return 'taken'
        if (existing) return isSameSet(existing.signers, signers) ? 'created' : 'taken'
        await commitNewAccount(deps, { account, role: roles.unverified, signers })
        return 'created'
      }),

    adoptAccount: (adoption) =>
      answer(async () => {
        const existing = await find(adoption.account)
        if (!existing) return 'taken'
        const signers = signersAfter(existing.signers, adoption)
        if (isSameSet(existing.signers, signers)) return 'adopted'
        if (!existing.signers.some(({ key }) => key === ownSigner.key)) return 'taken'
        // Others came since the caller looked: no judge before could have seen it.
        if (signers.length > MOST_SIGNERS) return 'full'
        const fault = judgeSigners(signers, roles)
        if (fault) throw new RangeError(`the signers of an adopted account were not judged before: ${fault}`)
        const { account, ended } = endRecovery(existing, roles, { state: 'cancelled' })
        await commitIfChanged(deps, existing, { account: { ...account, signers }, ...(ended && { ended }) })
        return 'adopted'
      }),

    submit: (envelope) => answer(() => submitOnce(deps, envelope)),

    findApplied: (hash) => answer(() => findApplied(deps, hash)),

    saleOwner: (saleId) => answer(() => findSaleOwner(deps, saleId)),

    beginKycRecovery: ({ account, signer }) =>
      answer(async () => {
        const existing = await find(account)
        const changed = existing && readAccountKey(signer) && beginRecovery(existing, signer, rules)
        if (!existing || !changed || 'code' in changed) return 'refused'
        await commitIfChanged(deps, existing, changed)
        return 'begun'
      }),

    cancelKycRecovery: ({ account, signer }) =>
      answer(async () => {
        const existing = await find(account)
        if (!existing) return 'cancelled'
        if (isLetIn(existing, signer, roles)) {
          await commitIfChanged(deps, existing, endRecovery(existing, roles, { state: 'cancelled' }))
          return 'cancelled'
        }
        const isSigner = existing.signers.some(({ key }) => key === signer)
        return isSigner || (await wasApproved(deps, account, signer)) ? 'refused' : 'cancelled'
      }),

    forgetAccount: (account) =>
      answer(async () => {
        const existing = await find(account)
        if (existing) await commitForgotten({ ...deps, dropKept: options.dropKept }, existing)
      }),

    recoveryRequests: (wanted) => answer(() => listRequests(deps, wanted)),
  }
}

const TRIES = 8
const PAUSE_MS = 10

/** Tries again where somebody else was faster; an outage of what the ledger stands on is the ledger's own. */
async function answer<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; tried <= TRIES; tried++) {
    try {
      return await work()
    } catch (error) {
      if (isOutage(error)) throw new LedgerUnavailable({ cause: error })
      if (!(error instanceof Overtaken)) throw error
    }
    await setTimeout(tried * PAUSE_MS)
  }
  throw new LedgerUnavailable()
}

async function commitIfChanged(deps: Submitting, before: VersionedAccount, { account, ended }: Changed): Promise<void> {
  if (account === before) return
  await commitChange(deps, { accounts: [{ before, after: account }], ended: ended ? [ended] : [] })
}

/** Whether the last recovery of that key that the token knows was approved. */
async function wasApproved(deps: Submitting, account: string, signer: string): Promise<boolean> {
  for (const row of await findEnded(deps.database.reading, account, signer)) {
    const ended = await believeRecovery(deps, { account, version: undefined }, row)
    if (ended) return ended.state === 'approved'
  }
  return false
}

const isSameSet = (a: readonly LedgerSigner[], b: readonly LedgerSigner[]): boolean => textOf(a) === textOf(b)

const textOf = (signers: readonly LedgerSigner[]): string =>
  JSON.stringify(
    signers
      .map(({ key, weight, role, identity, details }) => [key, weight, role, identity, details] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

/** 48 random bits: XDR has 64, and clients count in numbers. Never 0, which asks for a new request. */
function drawId(random: RandomSource): number {
  const bytes = Buffer.from(random(6))
  return Math.max(1, bytes.readUIntBE(0, 6))
}
