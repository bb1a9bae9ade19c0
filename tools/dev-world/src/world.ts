import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startOutbox, type Outbox } from '@strongroom/outbox'
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
  const outbox = await startOutbox({ httpPort: 8025, smtpPort: 1025 })
  stack.defer(() => outbox.stop())
  const describe = { outbox, tokens: [] as AppToken[], addresses: new Map<string, string>() }
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
  const parts: AppParts[] = []
  for (const [index, app] of apps.entries()) {
    const tokens = await provideTokens(places, { app, module })
    const address = await chooseAddress(app, say)
    describe.tokens.push(...tokens)
    describe.addresses.set(app.name, address)
    parts.push({ app, tokens, address, outbox, database: databases[index] as AppDatabase })
    signal.throwIfAborted()
  }
  stack.defer(() => removeWorldFile(places))
  stack.defer(async () => {
    await Promise.all(supervisions.map((supervision) => supervision.stop()))
  })
  for (const part of parts) supervisions.push(runApp(request, part))
  writeWorld(cluster.url())
  return { ready: Promise.all(supervisions.map(({ ready }) => ready)) }
}

interface AppParts {
  readonly app: App
  readonly database: AppDatabase
  /** Its own, and the recovery token of an app that has one. */
  readonly tokens: readonly [AppToken, ...AppToken[]]
  readonly address: string
  readonly outbox: Outbox
}

async function provideTokens(
  places: Places,
  { app, module }: { app: App; module: string },
): Promise<[AppToken, ...AppToken[]]> {
  const own = await provideToken(places, { app: app.name, module })
  if (!app.recovery) return [own]
  return [own, await provideToken(places, { app: `${app.name}-recovery`, module })]
}

function runApp({ places, say }: WorldRequest, parts: AppParts): Supervision {
  const { app, database, tokens, address } = parts
  return superviseApp(
    {
      run: { app, log: logOf(places, app.name), environment: environmentOf(places, parts) },
      address,
      provisionEnvironment: {
        MIGRATOR_DATABASE_URL_FILE: database.migratorUrlFile,
        RUNTIME_ROLE: database.runtimeRole,
      },
      healToken: async () => void (await Promise.all(tokens.map(healToken))),
      backUpToken: async () => void (await Promise.all(tokens.map(backupToken))),
    },
    say,
  )
}

function environmentOf(places: Places, { app, database, tokens: [own, recovery], address, outbox }: AppParts) {
  const heads = join(makePrivateDirectory(join(places.home, 'audit')), `${app.name}.jsonl`)
  return {
    STRONGROOM_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: new URL(address).port,
    PUBLIC_URL: address,
    DATABASE_URL_FILE: database.runtimeUrlFile,
    ...tokenSettings('', own),
    ...(recovery && tokenSettings('RECOVERY_', recovery)),
    HSM_STATE_DIRECTORY: own.directory,
    AUDIT_SINK: pathToFileURL(heads).href,
    SMTP_URL: outbox.smtp,
    MAIL_FROM: 'Strongroom <keys@strongroom.example>',
    SMS_HTTP_URL: new URL('/sms', outbox.url).href,
    SMS_HTTP_TOKEN: 'the-outbox-does-not-ask',
    // Tools and tests on this machine all come from one address.
    CREATIONS_PER_ADDRESS: '100000',
    CREATIONS_IN_ALL: '100000',
  }
}

const tokenSettings = (prefix: string, { module, softhsmConf, label, pinFile }: AppToken) => ({
  [`${prefix}HSM_MODULE`]: module,
  [`${prefix}HSM_MODULE_ENV`]: `SOFTHSM2_CONF=${softhsmConf}`,
  [`${prefix}HSM_TOKEN_LABEL`]: label,
  [`${prefix}HSM_PIN_FILE`]: pinFile,
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
  readonly outbox: Outbox
}

const worldOf = ({ addresses, tokens, module, postgres, outbox }: WorldParts): WorldFile => ({
  apps: Object.fromEntries(addresses),
  postgres,
  outbox: outbox.url,
  smtp: outbox.smtp,
  pkcs11: {
    module,
    tokens: Object.fromEntries(
      tokens.map(({ label, pinFile, softhsmConf }) => [label, { label, pinFile, softhsmConf }]),
    ),
  },
})
