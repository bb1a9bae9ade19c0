import { join } from 'node:path'
import { freePort } from '@strongroom/postgres'
import type { App } from './apps.ts'
import { provideDatabases, type AppDatabase } from './database.ts'
import { environmentOf, type AppParts } from './environment.ts'
import { type Hooks, provideHooks } from './hooks.ts'
import { rotateLog } from './log-file.ts'
import { logOf, makePrivateDirectory, type Places } from './places.ts'
import { payForChains } from './pay-for-chains.ts'
import type { Say } from './report.ts'
import { superviseApp, type Supervision } from './supervise-app.ts'
import { superviseCluster } from './supervise-cluster.ts'
import { bucketOf, startSurroundings, type Surroundings } from './surroundings.ts'
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
  for (const name of ['postgres', 'redis', ...names]) rotateLog(logOf(places, name))
  removeWorldFile(places)

  const supervisions: Supervision[] = []
  const describe = { tokens: [] as AppToken[], addresses: new Map<string, string>(), hooks: new Map<string, string>() }
  const surrounding = startSurroundings(request, stack)
  const writeWorld = async (postgres: string) =>
    writeWorldFile(places, worldOf({ ...describe, surroundings: await surrounding, module, postgres }))
  const clustering = superviseCluster({
    options: { directory: places.cluster, durability: 'durable', log: logOf(places, 'postgres') },
    say,
    onMoved: async (superuserUrl) => {
      await provideDatabases(places, { superuserUrl, apps: names })
      await writeWorld(superuserUrl)
      await Promise.all(supervisions.map((supervision) => supervision.restart()))
    },
  })
  // Both settle before either can end the start: what a failure left behind would have nobody to stop it.
  await Promise.allSettled([surrounding, clustering])
  const cluster = await clustering
  stack.defer(() => cluster.stop())
  const surroundings = await surrounding
  say(`PostgreSQL listens on ${new URL(cluster.url()).host}`)
  signal.throwIfAborted()

  const databases = await provideDatabases(places, { superuserUrl: cluster.url(), apps: names })
  const parts: AppParts[] = []
  for (const [index, app] of apps.entries()) {
    const tokens = await provideTokens(places, { app, module })
    const address = await chooseAddress(app, say)
    const hooks = await chooseHooks(places, app, say)
    if (hooks) describe.hooks.set(app.name, hooks.address)
    describe.tokens.push(...tokens)
    describe.addresses.set(app.name, address)
    parts.push({ app, tokens, address, hooks, surroundings, database: databases[index] as AppDatabase })
    signal.throwIfAborted()
  }
  stack.defer(() => removeWorldFile(places))
  stack.defer(async () => {
    await Promise.all(supervisions.map((supervision) => supervision.stop()))
  })
  for (const part of parts) supervisions.push(await runApp(request, part))
  const ready = Promise.all(supervisions.map((supervision) => supervision.ready))
  await payForChains({ places, parts, ready, superuserUrl: () => cluster.url() }, stack)
  await writeWorld(cluster.url())
  return { ready }
}

async function provideTokens(
  places: Places,
  { app, module }: { app: App; module: string },
): Promise<[AppToken, ...AppToken[]]> {
  const own = await provideToken(places, { app: app.name, module })
  if (!app.recovery) return [own]
  return [own, await provideToken(places, { app: `${app.name}-recovery`, module })]
}

async function runApp({ places, say }: WorldRequest, parts: AppParts): Promise<Supervision> {
  const { app, database, tokens, address } = parts
  return superviseApp(
    {
      run: { app, log: logOf(places, app.name), environment: await environmentOf(places, parts) },
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

async function chooseAddress({ name, port }: Pick<App, 'name' | 'port'>, say: Say): Promise<string> {
  const chosen = await freePort(port)
  if (chosen !== port) say(`port ${port} is busy: ${name} takes ${chosen}`)
  return `http://127.0.0.1:${chosen}`
}

async function chooseHooks(places: Places, { name, hooks }: App, say: Say): Promise<Hooks | undefined> {
  if (hooks === undefined) return undefined
  return provideHooks(places, {
    app: name,
    address: await chooseAddress({ name: `hooks of ${name}`, port: hooks }, say),
  })
}

interface WorldParts {
  readonly addresses: ReadonlyMap<string, string>
  readonly hooks: ReadonlyMap<string, string>
  readonly tokens: readonly AppToken[]
  readonly module: string
  readonly postgres: string
  readonly surroundings: Surroundings
}

const worldOf = ({
  addresses,
  hooks,
  tokens,
  module,
  postgres,
  surroundings: { outbox, issuer, faces, objects, administrator, redis, chains },
}: WorldParts): WorldFile => ({
  apps: Object.fromEntries(addresses),
  ...(hooks.size > 0 && { hooks: Object.fromEntries(hooks) }),
  postgres,
  outbox: outbox.url,
  smtp: outbox.smtp,
  ...(issuer && {
    issuer: issuer.url,
    firebase: { projectId: issuer.audience, authEmulatorHost: issuer.firebaseHost },
  }),
  ...(faces && { faces: faces.url }),
  ...(objects && { objects: bucketOf(objects) }),
  ...(administrator && { administrator }),
  ...(chains && { chains: chains.urls }),
  ...(redis && { redis: redis.url }),
  pkcs11: {
    module,
    tokens: Object.fromEntries(
      tokens.map(({ label, pinFile, softhsmConf }) => [label, { label, pinFile, softhsmConf }]),
    ),
  },
})
