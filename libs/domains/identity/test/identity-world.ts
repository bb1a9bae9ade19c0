import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { auditMigrations } from '@strongroom/audit'
import { codeMigrations } from '@strongroom/codes'
import { systemRandom } from '@strongroom/crypto'
import { guessMigrations } from '@strongroom/guesses'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { jsonApiDialect, type Limiter, limiter, listener, mount, Refusal, type Told } from '@strongroom/http'
import { migrateJobs, mountWork, startWorker } from '@strongroom/jobs'
import { type Message, notifyMigrations } from '@strongroom/notify'
import { proofMigrations, proveRequestSignature } from '@strongroom/proofs'
import { type Database, fingerprint, migrate, openDatabase, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import {
  handlers,
  identityMigrations,
  jobs,
  keyNeeds,
  ledgerHandlers,
  type LocalLedger,
  localLedger,
  noObjectStore,
  type Policies,
  provers,
  sweeps,
  usualPolicies,
} from '../src/index.ts'
import type { Ledger } from '../src/ledger/ledger.ts'
import type { IdentityDeps } from '../src/wallets/deps.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

export const networkPassphrase = 'A Network of the Tests'

const sets = [
  storageMigrations,
  auditMigrations,
  guessMigrations,
  codeMigrations,
  notifyMigrations,
  proofMigrations,
  identityMigrations,
]
const tables = createHash('sha256').update(JSON.stringify(identityMigrations.privileges)).digest('hex').slice(0, 8)

export interface Asked {
  readonly by?: SigningKey | undefined
  readonly body?: unknown
}

export interface Answered {
  readonly status: number
  /** The very bytes. */
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- each test reads of it what it expects
  readonly body: any
}

/** What somebody was sent. */
export interface Sent {
  readonly channel: Message['channel'] | 'telegram'
  readonly to: string
  readonly text: string
}

export interface IdentityWorld extends AsyncDisposable {
  readonly deps: IdentityDeps
  readonly database: Database
  /** As the owner of the tables: past the service. */
  readonly sql: Database
  /** The same, for another connection. */
  readonly adminUrl: string
  readonly hsm: Keystore
  readonly ledger: LocalLedger
  readonly admin: SigningKey
  /** What every request of now on is served with instead. */
  serveWith(other: { readonly [Name in keyof IdentityDeps]?: IdentityDeps[Name] | undefined }): void
  ask(method: string, target: string, asked?: Asked): Promise<Answered>
  sentTo(to: string): readonly Sent[]
  /** Runs one sweep, as it runs in its time. */
  sweep(name: string): Promise<void>
}

export interface IdentityWish {
  readonly policies?: Partial<Policies>
}

const generous = (): Limiter => {
  const limit = { points: 1_000_000, window: 60 }
  return limiter({ each: limit, all: limit })
}

/** The answer says nothing of what crashed. */
const tellCrash = ({ refusal, error }: Told): void => {
  if (refusal === 'crashed') process.stderr.write(`${inspect(error)}\n`)
}

/** The whole domain over HTTP with its worker, on PostgreSQL and a token of SoftHSM, over the embedded ledger. */
export async function identityWorld({ policies }: IdentityWish = {}): Promise<IdentityWorld> {
  const token = await softToken()
  const place = { ...token, deployment: 'test', app: 'identity-storage' }
  const hsm = await openKeystore({ ...place, keys: await provisionKeys({ ...place, needs: keyNeeds, existing: [] }) })
  const world = await testDatabase({
    template: `identity_${tables}_${fingerprint(sets)}`,
    async prepare(url, role) {
      await migrate(url, sets, role)
      await migrateJobs(url, role)
    },
  })
  const database = openDatabase({ connectionString: world.url, isRefusal: (answer) => answer instanceof Refusal })
  const sql = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  const [master, admin] = [signingKey(), signingKey()]
  const ledger = localLedger({ database, hsm, networkPassphrase, masterAccountId: master.id, adminKeys: [admin.id] })
  const sent: Sent[] = []
  const bot = {
    botUrl: 'https://t.example.com/bot',
    send: ({ to, text }: { to: string; text: string }) => {
      sent.push({ channel: 'telegram', to, text })
      return Promise.resolve()
    },
  }
  const deps: IdentityDeps = {
    database,
    hsm,
    ledger,
    policies: { ...usualPolicies, ...policies },
    random: systemRandom,
    clock: () => new Date(),
    clientRouter: new URL('https://wallet.example.com/r'),
    messenger: bot,
    limits: { creations: generous(), lookups: generous(), attempts: generous() },
    lookupsOfOne: generous(),
  }
  const served = { ...deps, ledger, signatures: { profile: 'compat' as const }, objects: noObjectStore }
  const sender = {
    send({ channel, to, text }: Message) {
      sent.push({ channel, to, text })
      return Promise.resolve()
    },
  }
  const work = mountWork({ jobs, sweeps, deps: { ...deps, sender } })
  const worker = startWorker({ connectionString: world.url, concurrency: 2, work: [{ jobs: work.jobs, sweeps: [] }] })
  const mounted = mount({
    dialect: jsonApiDialect,
    handlers: [...handlers, ...ledgerHandlers],
    provers: [proveRequestSignature, ...provers],
    deps: served,
  })
  const app = listener({ mounts: [mounted], onAnswer: tellCrash })
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    deps,
    database,
    sql,
    adminUrl: world.adminUrl,
    hsm,
    ledger,
    admin,
    serveWith: (other) => void Object.assign(served, other),
    ask: (method, target, asked) => ask(base, { method, target, ...asked }),
    sentTo: (to) => sent.filter((one) => one.to === to),
    sweep: async (name) => work.sweeps.find((one) => one.name === name)?.run(new AbortController().signal),
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections()
      await worker.stop()
      await Promise.all([hsm.close(), database.close(), sql.close()])
      await world.drop()
      await token.remove()
    },
  }
}

interface Asking extends Asked {
  readonly method: string
  readonly target: string
}

async function ask(base: string, { method, target, by, body }: Asking): Promise<Answered> {
  const answer = await fetch(base + target, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/vnd.api+json' }),
      ...(by && { signature: by.signatureFor(method, target) }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
}

/** A ledger that is this one but for what is said otherwise. */
export const ledgerBut = (ledger: Ledger, other: Partial<Ledger>): Ledger => ({ ...ledger, ...other })

/** Smallest first: of requests at once, nobody knows which comes first. */
export const statuses = (answers: readonly Answered[]): readonly number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b)
