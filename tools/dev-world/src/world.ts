import { join } from 'node:path'
import { freePort } from '@strongroom/postgres'
import type { App } from './apps.ts'
import { provideDatabases, type AppDatabase } from './database.ts'
import { rotateLog } from './log-file.ts'
import { logOf, makePrivateDirectory, type Places } from './places.ts'
import type { Say } from './report.ts'
import { superviseApp, type Supervision } from './supervise-app.ts'
import { superviseCluster } from './supervise-cluster.ts'
import { backupToken, healToken, provideToken, type AppToken } from './token.ts'
import { removeWorldFile, writeWorldFile, type WorldFile } from './world-file.ts'

export interface WorldRequest {
  readonly places: Places
  readonly apps: readonly App[]
  readonly module: string
  readonly say: Say
  /** Ends the start early; what is up by then is still taken down by `stop`. */
  readonly signal: AbortSignal
}

export interface World {
  /** Settles when every app has been ready once. */
  readonly ready: Promise<unknown>
}

/** Brings everything up; whatever it started goes onto the stack, which takes it down in the reverse order. */
export async function startWorld(request: WorldRequest, stack: AsyncDisposableStack): Promise<World> {
  const { places, apps, say, signal, module } = request
  const names = apps.map(({ name }) => name)
  makePrivateDirectory(join(places.home, 'logs'))
  for (const name of ['postgres', ...names]) rotateLog(logOf(places, name))
  removeWorldFile(places)

  const supervisions: Supervision[] = []
  const describe = { tokens: [] as AppToken[], addresses: new Map<string, string>() }
  const writeWorld = (postgres: string) => writeWorldFile(places, worldOf({ ...describe, module, postgres }))
  const cluster = await superviseCluster({
    options: { directory: places.cluster, durability: 'durable', log: logOf(places, 'postgres') },
    say,
    onMoved: async (superuserUrl) => {
      await provideDatabases(places, { superuserUrl, apps: names })
      writeWorld(superuserUrl)
      await Promise.all(supervisions.map((supervision) => supervision.restart()))
    },
  })
  stack.defer(() => cluster.stop())
  say(`PostgreSQL listens on ${new URL(cluster.url()).host}`)
  signal.throwIfAborted()

  const databases = await provideDatabases(places, { superuserUrl: cluster.url(), apps: names })
  for (const app of apps) {
    describe.tokens.push(await provideToken(places, { app: app.name, module }))
    describe.addresses.set(app.name, await chooseAddress(app, say))
    signal.throwIfAborted()
  }
  stack.defer(() => removeWorldFile(places))
  stack.defer(async () => {
    await Promise.all(supervisions.map((supervision) => supervision.stop()))
  })
  for (const [index, app] of apps.entries()) {
    const [database, token] = [databases[index], describe.tokens[index]]
    const address = describe.addresses.get(app.name)
    if (database && token && address) supervisions.push(runApp(request, { app, database, token, address }))
  }
  writeWorld(cluster.url())
  return { ready: Promise.all(supervisions.map(({ ready }) => ready)) }
}

interface AppParts {
  readonly app: App
  readonly database: AppDatabase
  readonly token: AppToken
  readonly address: string
}

const runApp = ({ places, module, say }: WorldRequest, { app, database, token, address }: AppParts): Supervision =>
  superviseApp(
    {
      run: { app, log: logOf(places, app.name), environment: environmentOf({ module, database, token, address }) },
      address,
      provisionEnvironment: {
        MIGRATOR_DATABASE_URL_FILE: database.migratorUrlFile,
        RUNTIME_ROLE: database.runtimeRole,
      },
      healToken: () => healToken(token),
      backUpToken: () => backupToken(token),
    },
    say,
  )

const environmentOf = ({ module, database, token, address }: Omit<AppParts, 'app'> & { module: string }) => ({
  STRONGROOM_ENV: 'development',
  HOST: '127.0.0.1',
  PORT: new URL(address).port,
  DATABASE_URL_FILE: database.runtimeUrlFile,
  HSM_MODULE: module,
  HSM_TOKEN_LABEL: token.label,
  HSM_PIN_FILE: token.pinFile,
  HSM_STATE_DIRECTORY: token.directory,
  SOFTHSM2_CONF: token.softhsmConf,
  LOG_FORMAT: 'json',
})

async function chooseAddress({ name, port }: App, say: Say): Promise<string> {
  const chosen = await freePort(port)
  if (chosen !== port) say(`port ${port} is busy: ${name} takes ${chosen}`)
  return `http://127.0.0.1:${chosen}`
}

interface WorldParts {
  readonly addresses: ReadonlyMap<string, string>
  readonly tokens: readonly AppToken[]
  readonly module: string
  readonly postgres: string
}

const worldOf = ({ addresses, tokens, module, postgres }: WorldParts): WorldFile => ({
  apps: Object.fromEntries(addresses),
  postgres,
  pkcs11: {
    module,
    tokens: Object.fromEntries(
      tokens.map(({ label, pinFile, softhsmConf }) => [label, { label, pinFile, softhsmConf }]),
    ),
  },
})
