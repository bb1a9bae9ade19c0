import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auditMigrations } from '@strongroom/audit'
import { Secret, systemRandom } from '@strongroom/crypto'
import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { jsonApiDialect, listener, mount } from '@strongroom/http'
import { type Form, type ObjectStore as DevelopmentStore, startObjectStore } from '@strongroom/object-store'
import { proveRequestSignature } from '@strongroom/proofs'
import {
  type Database,
  fingerprint,
  migrate,
  type MigrationSet,
  openDatabase,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import {
  type DocumentPolicies,
  documentHandlers,
  documentKeyNeeds,
  documentTables,
  type ObjectStore,
  PUBLIC_PREFIX,
  s3ObjectStore,
  usualDocumentPolicies,
} from '../src/documents/index.ts'
import { type FakeLedger, fakeLedger } from './fake-ledger.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

const migration = (number: number, name: string, text: string) => ({ number, name, text, checksum: text })
const documents = readFileSync(new URL('../migrations/0005-documents.sql', import.meta.url), 'utf8')

/** The table of this slice alone: it refers to no other. */
const documentMigrations: MigrationSet = {
  schema: 'identity',
  migrations: [
    migration(1, '0001-schema.sql', 'create schema identity'),
    migration(2, '0005-documents.sql', documents),
  ],
  privileges: documentTables,
}
const sets = [storageMigrations, auditMigrations, documentMigrations]

export interface Asked {
  readonly as?: SigningKey
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- each test reads of it what it expects
  readonly body: any
}

export interface DocumentsWorld extends AsyncDisposable {
  readonly database: Database
  /** As the owner of the tables: who can write SQL. */
  readonly sql: Database
  readonly ledger: FakeLedger
  readonly store: DevelopmentStore
  readonly admin: SigningKey
  /** What a test puts in place of the usual; mended by `mend`. */
  readonly changed: { policies: DocumentPolicies; objects: ObjectStore }
  mend(): void
  ask(method: string, target: string, asked?: Asked): Promise<Answered>
}

/** An adapter for the store of development, as an app makes it. */
export const adapterFor = ({ url, access }: DevelopmentStore): ObjectStore =>
  s3ObjectStore({ ...access, endpoint: url, secretAccessKey: new Secret(access.secretAccessKey) })

/** Documents over HTTP, on PostgreSQL, a token of SoftHSM and a store that speaks S3. */
export async function documentsWorld(): Promise<DocumentsWorld> {
  const token = await softToken()
  const place = { ...token, deployment: 'test', app: 'identity-storage' }
  const keys = await provisionKeys({ ...place, needs: documentKeyNeeds, existing: [] })
  const hsm = await openKeystore({ ...place, keys })
  const world = await testDatabase({
    template: `documents_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: world.url })
  const sql = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  const store = await startObjectStore({ publicPrefix: PUBLIC_PREFIX })
  const [master, admin] = [signingKey(), signingKey()]
  const ledger = fakeLedger(master.id)
  ledger.addSigner(master.id, admin.id)
  const usual = { policies: usualDocumentPolicies, objects: adapterFor(store) }
  const changed = { ...usual }
  const deps = {
    database,
    hsm,
    ledger,
    random: systemRandom,
    signatures: { profile: 'compat' as const },
    get policies() {
      return changed.policies
    },
    get objects() {
      return changed.objects
    },
  }
  const provers = [proveRequestSignature]
  const app = listener({ mounts: [mount({ dialect: jsonApiDialect, handlers: documentHandlers, provers, deps })] })
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    database,
    sql,
    ledger,
    store,
    admin,
    changed,
    mend: () => void Object.assign(changed, usual),
    async ask(method, target, { as, body, headers = {} } = {}) {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const answer = await fetch(base + target, {
        method,
        headers: {
          ...headers,
          ...(text !== undefined && { 'content-type': 'application/vnd.api+json' }),
          ...(as && { signature: as.signatureFor(method, target) }),
        },
        ...(text !== undefined && { body: text }),
      })
      const told = await answer.text()
      return { status: answer.status, body: told === '' ? undefined : JSON.parse(told) }
    },
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections()
      await Promise.all([hsm.close(), database.close(), sql.close(), store.close()])
      await world.drop()
      await token.remove()
    },
  }
}

/** What published clients make of an upload policy: every attribute but the address is a field. */
export function formIn({ body }: Answered): Form {
  const { url, ...fields } = body.data.attributes as { url: string } & Record<string, string>
  return { url, fields }
}
