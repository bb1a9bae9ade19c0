import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auditMigrations } from '@strongroom/audit'
import { type KeyNeed, type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { jsonApiDialect, listener, mount, Refusal } from '@strongroom/http'
import { proveRequestSignature } from '@strongroom/proofs'
import {
  type Database,
  fingerprint,
  migrate,
  type MigrationSet,
  openDatabase,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { blobHandlers, blobKeyNeeds, blobTables, usualBlobPolicies } from '../src/blobs/index.ts'
import { type LocalLedger, localLedger } from '../src/ledger/local-ledger.ts'
import { settingHandlers, settingTables, usualSettingPolicies } from '../src/settings/index.ts'
import { type FakeLedger, fakeLedger } from './fake-ledger.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

const migration = (number: number, name: string, text: string) => ({ number, name, text, checksum: text })
const textOf = (name: string): string => readFileSync(new URL(`../migrations/${name}`, import.meta.url), 'utf8')

const rows = ['select', 'insert', 'update', 'delete'] as const

/** The tables of these two slices and of the embedded ledger: they refer to no others. */
const keepingMigrations: MigrationSet = {
  schema: 'identity',
  migrations: [
    migration(1, '0001-ledger.sql', textOf('0001-ledger.sql')),
    migration(2, '0003-blobs.sql', textOf('0003-blobs.sql')),
    migration(3, '0004-settings.sql', textOf('0004-settings.sql')),
    migration(4, '0009-forgotten-accounts.sql', textOf('0009-forgotten-accounts.sql')),
  ],
  privileges: {
    ...blobTables,
    ...settingTables,
    ledger_accounts: rows,
    ledger_signers: rows,
    ledger_recoveries: rows,
    ledger_transactions: ['select', 'insert', 'delete'],
  },
}
const needs: readonly KeyNeed[] = [...blobKeyNeeds, { job: 'mac', use: 'stamp' }]
const sets = [storageMigrations, auditMigrations, keepingMigrations]

export interface Asked {
  readonly as?: SigningKey
  readonly body?: unknown
}

export interface Resource {
  readonly id: string
  readonly type: string
  readonly attributes: { readonly value?: unknown; readonly key?: string; readonly deleted_at?: string }
}

export interface Answered {
  readonly status: number
  readonly body: unknown
}

export const resourceIn = ({ body }: Answered): Resource => (body as { data: Resource }).data
export const listIn = ({ body }: Answered): readonly Resource[] => (body as { data: Resource[] }).data
export const linksIn = ({ body }: Answered) => (body as { links: Readonly<Record<string, string>> }).links

export interface KeepingWorld {
  readonly database: Database
  /** As the owner of the tables: who can write SQL. */
  readonly owner: Database
  readonly hsm: Keystore
  readonly ledger: FakeLedger
  /** The embedded one, which is asked in its place where a test wishes so. */
  readonly embedded: LocalLedger
  readonly admin: SigningKey
  readonly policies: typeof policies
  ask(method: string, target: string, asked?: Asked): Promise<Answered>
  close(): Promise<void>
}

const policies = {
  ...usualBlobPolicies,
  ...usualSettingPolicies,
  clientDomains: ['app.example.com', 'other.example.com'],
}

/** Blobs and settings over HTTP, on PostgreSQL and a token of SoftHSM. */
export async function keepingWorld(asked: 'fake ledger' | 'embedded ledger' = 'fake ledger'): Promise<KeepingWorld> {
  const token: SoftToken = await softToken()
  const place = { ...token, deployment: 'test', app: 'identity-storage' }
  const hsm = await openKeystore({
    ...place,
    keys: await provisionKeys({ ...place, needs, existing: [] }),
  })
  const world: TestDatabase = await testDatabase({
    template: `keeping_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({
    connectionString: world.url,
    isRefusal: (answer) => answer instanceof Refusal,
  })
  const owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  const [master, admin] = [signingKey(), signingKey()]
  const ledger = fakeLedger(master.id)
  ledger.addSigner(master.id, admin.id)
  const embedded = localLedger({
    database,
    hsm,
    networkPassphrase: 'A network of the tests',
    masterAccountId: master.id,
    adminKeys: [admin.id],
    dropKept: () => Promise.resolve(),
  })
  const signatures = { profile: 'compat' as const }
  const deps = { database, hsm, ledger: asked === 'embedded ledger' ? embedded : ledger, policies, signatures }
  const handlers = [...blobHandlers, ...settingHandlers]
  const app = listener({
    mounts: [mount({ dialect: jsonApiDialect, handlers, provers: [proveRequestSignature], deps })],
  })
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    database,
    owner,
    hsm,
    ledger,
    embedded,
    admin,
    policies,
    ask: askerOf(server),
    async close() {
      server.close().closeAllConnections()
      await Promise.all([hsm.close(), database.close(), owner.close()])
      await world.drop()
      await token.remove()
    },
  }
}

function askerOf(server: Server): KeepingWorld['ask'] {
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return async (method, target, { as, body } = {}) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const headers = {
      ...(text !== undefined && { 'content-type': 'application/vnd.api+json' }),
      ...(as && { signature: as.signatureFor(method, target) }),
    }
    const answer = await fetch(base + target, { method, headers, ...(text !== undefined && { body: text }) })
    const told = await answer.text()
    return { status: answer.status, body: told === '' ? undefined : (JSON.parse(told) as unknown) }
  }
}
