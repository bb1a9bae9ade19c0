import { randomBytes, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { auditMigrations } from '@strongroom/audit'
import type { ChainName } from '@strongroom/chains'
import { systemRandom } from '@strongroom/crypto'
import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { listener, limiter, mount, prover, Refusal } from '@strongroom/http'
import { type Database, fingerprint, migrate, openDatabase, shiftClock, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { activation } from '../src/accounts/activate.ts'
import { findKeyById, markUsed } from '../src/accounts/keys-store.ts'
import { namedChains } from '../src/accounts/named-chains.ts'
import type { SessionOf, Sessions } from '../src/accounts/sessions.ts'
import { judgeApp, proveApp } from '../src/apps/judge-app.ts'
import { accountsDialect } from '../src/dialect.ts'
import { accountMigrations, baseHandlers, keyNeeds } from '../src/index.ts'
import { type Logins, loginsOf } from '../src/logins/login.ts'
import { testLogin } from '../src/logins/test-login.ts'
import { usualPolicies } from '../src/policies.ts'
import { signUpTurns, type Turns } from '../src/sign-up/turns.ts'
import { invalidToken } from '../src/refusals.ts'
import { accountToken } from '../src/tokens/account-token.ts'
import type { RecoveryDoor } from '../src/sign-in/recovery-door.ts'
import { ownChain } from './own-chain.ts'

export const passkeyRules = { rpId: 'wallet.example.com', origins: ['https://wallet.example.com'] }

const allLogins = loginsOf(() => ({ test: testLogin }))

interface Wish {
  /** Requests of one caller, and logins from one address, in a minute. */
  readonly requests?: number
  readonly arrivals?: number
  readonly logins?: Logins
  /** No page is configured for passkeys. */
  readonly passkeys?: 'none'
  readonly turns?: Turns
}

/** The domain over HTTP, on PostgreSQL and a token; chains and tokens are the test's own. */
export async function startWorld({
  requests: points = 10_000,
  arrivals = 10_000,
  logins = allLogins,
  passkeys,
  turns = signUpTurns(),
}: Wish = {}) {
  const place = { ...(await softToken()), deployment: 'test', app: 'mpc-auth' }
  const keys = await provisionKeys({ ...place, needs: keyNeeds, existing: [] })
  const hsm = await openKeystore({ ...place, keys })
  const sets = [storageMigrations, auditMigrations, accountMigrations]
  const made = await testDatabase({
    template: `chain_accounts_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: made.url, isRefusal: (answer) => answer instanceof Refusal })
  const owner = openDatabase({ connectionString: made.adminUrl, connections: 1 })
  const chains = { local: ownChain('local'), 'polygon-amoy': ownChain('polygon-amoy') }
  const recovery = { open: false, begun: [] as unknown[] }
  const door: RecoveryDoor = {
    isOpen: () => Promise.resolve(recovery.open),
    begin(recovered) {
      recovery.begun.push(recovered)
      return Promise.resolve({ accessToken: 'of a recovery', refreshToken: 'of a recovery' })
    },
  }
  const { sessions, proveAccount } = ownSessions(database)
  const requests = limiter({ each: { points, window: 60 }, all: { points: 1_000_000, window: 60 } })
  const deps = {
    database,
    hsm,
    chains: namedChains({ names: ['local', 'polygon-amoy'], get: (name: ChainName) => Reflect.get(chains, name) }),
    defaultChain: 'local' as const,
    policies: usualPolicies,
    logins,
    sessions,
    requests,
    arrivals: limiter({ each: { points: arrivals, window: 60 }, all: { points: 1_000_000, window: 60 } }),
    recovery: door,
    passkeys: passkeys === 'none' ? undefined : passkeyRules,
    turns,
    newId: randomUUID,
    random: systemRandom,
  }
  const server = listener({
    mounts: [mount({ dialect: accountsDialect, handlers: baseHandlers, provers: [proveApp, proveAccount], deps })],
  }).listen(0)
  return {
    deps,
    database,
    owner,
    hsm,
    chain: chains.local,
    other: chains['polygon-amoy'],
    recovery,
    baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    activate: () => activation.run(deps, new AbortController().signal),
    pass: (interval: string) => shiftClock(owner, interval),
    async stop() {
      server.close()
      await Promise.all([hsm.close(), database.close(), owner.close()])
      await made.drop()
    },
  }
}
export type World = Awaited<ReturnType<typeof startWorld>>

/** Tokens in memory: `tokens/` has its own tests. */
function ownSessions(database: Database) {
  const open = new Map<string, SessionOf>()
  const sessions: Sessions = {
    async open(session) {
      const accessToken = randomBytes(16).toString('hex')
      open.set(accessToken, session)
      await markUsed(database, session)
      return { accessToken, refreshToken: `refresh-${accessToken}` }
    },
    end(_tx, keyId) {
      for (const [token, session] of open) if (session.keyId === keyId) open.delete(token)
      return Promise.resolve()
    },
  }
  const proveAccount = prover<{ database: Database }>()(accountToken, async ({ headers }, deps) => {
    const app = await judgeApp(headers, deps)
    if (app instanceof Refusal) return app
    const session = open.get((headers.authorization ?? '').replace('Bearer ', ''))
    const key = session && (await findKeyById(database, session.keyId))
    if (!session || session.appId !== app.id || key?.state !== 'active') return invalidToken()
    const { accountId, keyId, publicKey } = session
    return { app, accountId, keyId, publicKey, keyThumbprint: '' }
  })
  return { sessions, proveAccount }
}
