import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { auditMigrations } from '@strongroom/audit'
import { fromBase64url, systemRandom } from '@strongroom/crypto'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { openWebCrypto } from '@strongroom/hsm/webcrypto'
import { endpoint, implement, limiter, listener, mount, Refusal, reply } from '@strongroom/http'
import {
  type Database,
  fingerprint,
  migrate,
  openDatabase,
  shiftClock,
  sql,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { z } from 'zod'
import { stampKey } from '../src/accounts/key-row.ts'
import { insertKey } from '../src/accounts/keys-store.ts'
import { TOKEN_USE } from '../src/accounts/names.ts'
import { proveApp } from '../src/apps/judge-app.ts'
import { findOnlyApp } from '../src/apps/store.ts'
import { accountsDialect } from '../src/dialect.ts'
import { accountMigrations, keyNeeds } from '../src/index.ts'
import { usualPolicies } from '../src/policies.ts'
import { accountToken, anyToken, requestToken } from '../src/tokens/account-token.ts'
import { openTokens, proveAccount, proveAny, proveRequest, tokenHandlers, tokenSweeps } from '../src/tokens/index.ts'

export const ISSUER = 'https://accounts.example.com'

const who = { reply: { 200: z.unknown() }, refusals: [] }
/** What each proof yields. */
const probes = [
  endpoint({
    method: 'GET',
    path: '/account',
    summary: 'Whom an access token speaks for.',
    proof: accountToken,
    ...who,
  }),
  endpoint({
    method: 'GET',
    path: '/request',
    summary: 'Whom an ephemeral one speaks for.',
    proof: requestToken,
    ...who,
  }),
  endpoint({ method: 'GET', path: '/any', summary: 'Whom either speaks for.', proof: anyToken, ...who }),
] as const
const handlers = probes.map((probe) =>
  implement<object>()(probe, async ({ proof }) => reply(200, JSON.parse(JSON.stringify(proof)) as unknown)),
)

export interface Answered {
  readonly status: number
  readonly error: string | undefined
  readonly body: Record<string, never>
}

/** Tokens alone, over HTTP, on PostgreSQL, a token and its WebCrypto view. */
export async function tokensWorld() {
  const soft = await softToken()
  const place = { ...soft, deployment: 'test', app: 'mpc-auth' }
  const keys = await provisionKeys({ ...place, needs: keyNeeds, existing: [] })
  const hsm = await openKeystore({ ...place, keys })
  const view = await openWebCrypto({ ...place, keys: keys.filter(({ job }) => job === 'sign') })
  const sets = [storageMigrations, auditMigrations, accountMigrations]
  const made = await testDatabase({
    template: `chain_accounts_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: made.url, isRefusal: (answer) => answer instanceof Refusal })
  const owner = openDatabase({ connectionString: made.adminUrl, connections: 1 })
  const point = await hsm.publicKey(TOKEN_USE)
  const { subtle } = view
  const seen = { subtle, signingKey: (use: string) => view.signingKey(use), publicKeys: () => [point] }
  const opened = openTokens({
    database,
    policies: usualPolicies,
    issuer: ISSUER,
    random: systemRandom,
    newId: randomUUID,
    webCrypto: () => Promise.resolve(seen),
  })
  const requests = limiter({ each: { points: 10_000, window: 60 }, all: { points: 1_000_000, window: 60 } })
  const deps = { database, hsm, policies: usualPolicies, requests, ...opened }
  const provers = [proveApp, proveAccount, proveRequest, proveAny]
  const server = listener({
    mounts: [mount({ dialect: accountsDialect, handlers: [...tokenHandlers, ...handlers], provers, deps })],
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const answer = await fetch(`${baseUrl}${path}`, init)
    const body = (await answer.json()) as { error?: { name: string } }
    return { status: answer.status, error: body.error?.name, body: body as never }
  }
  return {
    ...opened,
    hsm,
    database,
    owner,
    get: (path: string, token?: string, headers: Record<string, string> = {}) =>
      ask(path, { headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } }),
    refresh: (refreshToken: string, headers: Record<string, string> = {}) =>
      ask('/auth/v1/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ refreshToken }),
      }),
    pass: (interval: string) => shiftClock(owner, interval),
    forget: async () => {
      for (const one of tokenSweeps) await one.run(deps, new AbortController().signal)
    },
    person: () => newPerson({ database, hsm }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await view.close()
      await Promise.all([hsm.close(), database.close(), owner.close()])
      await made.drop()
      await soft.remove()
    },
  }
}
export type TokensWorld = Awaited<ReturnType<typeof tokensWorld>>

export interface Person {
  readonly accountId: string
  readonly appId: string
  readonly keyId: string
  /** x and y. */
  readonly publicKey: Uint8Array
}

/** An account of the only app, with one key. */
async function newPerson({ database, hsm }: { database: Database; hsm: Keystore }): Promise<Person> {
  const app = await findOnlyApp(database)
  if (!app) throw new Error('there is one app')
  const owner = { id: randomUUID(), appId: app.id }
  await database.run(sql`insert into chain_accounts.accounts (id, app_id) values (${owner.id}, ${owner.appId})`)
  return addKey({ database, hsm }, owner)
}

/** A further key of an account. */
export async function addKey(
  { database, hsm }: { database: Database; hsm: Keystore },
  owner: { id: string; appId: string },
): Promise<Person> {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const publicKey = Uint8Array.of(...fromBase64url(x), ...fromBase64url(y))
  const key = { id: randomUUID(), type: 'user-key', kind: 'device', publicKey, state: 'active' } as const
  const stamp = await stampKey(hsm, owner, key)
  await database.transaction((tx) => insertKey(tx, { ...key, accountId: owner.id, envelope: null, data: null, stamp }))
  return { accountId: owner.id, appId: owner.appId, keyId: key.id, publicKey }
}

export const no = { status: 401, error: 'InvalidToken' }

/** A sign-in of a new person, or once more of one. */
export async function signIn(world: TokensWorld, given?: Person) {
  const person = given ?? (await world.person())
  return { person, ...(await world.sessions.open(person)) }
}
