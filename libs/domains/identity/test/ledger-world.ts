import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { auditMigrations } from '@strongroom/audit'
import { systemRandom } from '@strongroom/crypto'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import {
  type Database,
  fingerprint,
  migrate,
  type MigrationSet,
  openDatabase,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { signTransaction, type TransactionSigner } from '../src/ledger/cosign.ts'
import type { LedgerSigner, Rejected } from '../src/ledger/ledger.ts'
import { type LocalLedger, localLedger, type LocalLedgerOptions } from '../src/ledger/local-ledger.ts'
import type { OperationBody, SignerData } from '../src/ledger/operations.ts'
import { signerNamed, signerOf } from './transaction-signers.ts'

export const networkPassphrase = 'A Network of the Tests'
export const master = signerNamed('master')
export const admins = [signerNamed('admin-1'), signerNamed('admin-2')] as const

export const DEFAULT_ROLE = 2
export const RECOVERING_ROLE = 3

const files = ['0001-ledger.sql', '0009-forgotten-accounts.sql']
const textOf = (name: string): string => readFileSync(new URL(`../migrations/${name}`, import.meta.url), 'utf8')
const rows = ['select', 'insert', 'update', 'delete'] as const

/** The tables of this slice alone: its tests wait for no other. */
const tables: MigrationSet = {
  schema: 'identity',
  migrations: files.map((name, index) => {
    const text = textOf(name)
    return { number: index + 1, name, text, checksum: createHash('sha256').update(text).digest('hex') }
  }),
  privileges: {
    ledger_accounts: ['select', 'insert', 'update'],
    ledger_signers: rows,
    ledger_recoveries: rows,
    ledger_transactions: ['select', 'insert', 'delete'],
  },
}
const sets = [storageMigrations, auditMigrations, tables]

export interface LedgerWorld extends AsyncDisposable {
  readonly database: Database
  readonly hsm: Keystore
  readonly ledger: LocalLedger
  /** Another process on the same database and token. */
  open(options?: Partial<LocalLedgerOptions>): LocalLedger
  /** As the owner of the tables: past the service. */
  readonly owner: Database
  /** A new account, owned by a key of its own. */
  account(signers?: (owner: TransactionSigner) => readonly LedgerSigner[]): Promise<TransactionSigner>
}

export async function ledgerWorld(): Promise<LedgerWorld> {
  const token = await softToken()
  const world = await testDatabase({
    template: `identity_ledger_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: world.url })
  const place = { ...token, deployment: 'test', app: 'identity-storage' }
  const keys = await provisionKeys({ ...place, needs: [{ job: 'mac', use: 'stamp' }], existing: [] })
  const hsm = await openKeystore({ ...place, keys })
  const owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  const usual: LocalLedgerOptions = {
    database,
    hsm,
    networkPassphrase,
    masterAccountId: master.keyId,
    adminKeys: admins.map(({ keyId }) => keyId),
    dropKept: () => Promise.resolve(),
  }
  const ledger = localLedger(usual)
  return {
    database,
    hsm,
    ledger,
    open: (options) => localLedger({ ...usual, ...options }),
    owner,
    async account(signers = (one) => [ledgerSigner(one)]) {
      const one = signerOf(randomBytes(32))
      await ledger.createAccount({ account: one.keyId, signers: signers(one) })
      return one
    },
    async [Symbol.asyncDispose]() {
      await owner.close()
      await hsm.close()
      await database.close()
      await world.drop()
      await token.remove()
    },
  }
}

export const ledgerSigner = (
  { keyId }: Pick<TransactionSigner, 'keyId'>,
  of: Partial<LedgerSigner> = {},
): LedgerSigner => ({
  key: keyId,
  weight: 1000,
  role: DEFAULT_ROLE,
  identity: 1,
  details: '{}',
  ...of,
})

export const signerData = (one: Pick<TransactionSigner, 'keyId'>, of: Partial<LedgerSigner> = {}): SignerData => {
  const { role, ...rest } = ledgerSigner(one, of)
  return { ...rest, role: BigInt(role) }
}

export const add = (one: Pick<TransactionSigner, 'keyId'>, of: Partial<LedgerSigner> = {}): OperationBody => ({
  type: 'manage-signer',
  change: { action: 'create', signer: signerData(one, of) },
})
export const update = (one: Pick<TransactionSigner, 'keyId'>, of: Partial<LedgerSigner> = {}): OperationBody => ({
  type: 'manage-signer',
  change: { action: 'update', signer: signerData(one, of) },
})
export const remove = ({ keyId }: Pick<TransactionSigner, 'keyId'>): OperationBody => ({
  type: 'manage-signer',
  change: { action: 'remove', key: keyId },
})

export interface TransactionWish {
  readonly source: Pick<TransactionSigner, 'keyId'>
  readonly operations: readonly OperationBody[]
  readonly signers: readonly TransactionSigner[]
  /** Seconds from now. */
  readonly minTime?: number
  readonly maxTime?: number
  readonly passphrase?: string
  readonly operationSource?: string
}

/** With a salt of its own: two of the same are two. */
export function transactionOf(wish: TransactionWish): Promise<string> {
  const { source, operations, signers, minTime = -60, maxTime = 3600, passphrase = networkPassphrase } = wish
  const now = Math.floor(Date.now() / 1000)
  return signTransaction(
    {
      source: source.keyId,
      salt: Buffer.from(systemRandom(8)).readBigUInt64BE(),
      timeBounds: { minTime: BigInt(now + minTime), maxTime: BigInt(now + maxTime) },
      memo: { type: 'none' },
      operations: operations.map((body) => ({ source: wish.operationSource, body })),
    },
    { networkPassphrase: passphrase, signers },
  )
}

/** `applied`, or the codes that it was rejected with. */
export async function outcomeOf(ledger: LocalLedger, wish: TransactionWish): Promise<string | readonly string[]> {
  const answer = await ledger.submit(await transactionOf(wish))
  return answer.outcome === 'applied' ? 'applied' : codesOf(answer)
}

export const codesOf = ({ transactionCode, operationCodes }: Rejected): string | readonly string[] =>
  transactionCode === 'tx_failed' ? operationCodes : transactionCode
