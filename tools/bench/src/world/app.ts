import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModuleSource } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { type Child, startChild } from './child.ts'
import { type BenchDatabase, makeDatabase } from './database.ts'

export const CONNECTIONS_IN_POOL = 10

type Variables = Readonly<Record<string, string | undefined>>

export interface AppWish {
  /** The folder under `apps/`. */
  readonly app: string
  readonly superuserUrl: string
  readonly settings?: Variables
  /** Written to files, which `<NAME>_FILE` names. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Whether workers have a token of their own. */
  readonly recovery?: 'token' | 'none'
  /** SoftHSM unless said. */
  readonly module?: string
  readonly nodeArguments?: readonly string[]
}

export interface ServerProcess {
  readonly port: number
  /** Ports of the listeners that an app has beside, by name. */
  readonly beside: Readonly<Record<string, number>>
  readonly child: Child
}

/** A database and tokens that the app's own `main.ts` provisioned, as an operator would. */
export interface Provisioned {
  readonly database: BenchDatabase
  /** What provisioning reads, and who rotates keys. */
  readonly operator: Readonly<Record<string, string | undefined>>
  /** An `api` process. */
  spawn(settings: Readonly<Record<string, string>>): Promise<ServerProcess>
  /** A worker beside: sweeps, jobs, and the log in to the recovery token. */
  spawnWorker(): Promise<Child>
  stop(): Promise<void>
}

/** With a first `api` process: production keeps workers apart, so none sweeps beside what is measured unless asked to. */
export type AppServer = Provisioned & ServerProcess

type KeepSecret = (name: string, value: string) => string

const preload = new URL('../inspector.ts', import.meta.url).href

export async function startServer(wish: AppWish): Promise<AppServer> {
  const provisioned = await provisionApp(wish)
  try {
    return { ...provisioned, ...(await provisioned.spawn({})) }
  } catch (error) {
    await provisioned.stop()
    throw error
  }
}

export async function provisionApp(wish: AppWish): Promise<Provisioned> {
  const { app, superuserUrl, module, nodeArguments = [] } = wish
  const token = await softToken({ label: app, ...(module !== undefined && { module }) })
  const recoveryToken = wish.recovery === 'token' ? await softToken({ label: `${app}-recovery` }) : undefined
  const database = await makeDatabase(superuserUrl)
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const secret: KeepSecret = (name, value) => {
    writeFileSync(join(scratch, name), value, { mode: 0o600 })
    return join(scratch, name)
  }
  const files = Object.entries(wish.secrets ?? {}).map(([name, value]) => [`${name}_FILE`, secret(name, value)])
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    STRONGROOM_ENV: 'development',
    PORT: '0',
    PUBLIC_URL: 'http://127.0.0.1:4100',
    DATABASE_URL_FILE: secret('database-url', database.runtimeUrl),
    DATABASE_CONNECTIONS: String(CONNECTIONS_IN_POOL),
    HSM_STATE_DIRECTORY: scratch,
    BENCH_LIBRARY_PARAMETERS: sourceOf(token).libraryParameters,
    ...tokenSettings('HSM', token, secret),
    ...wish.settings,
    ...(Object.fromEntries(files) as Variables),
  }
  // As in production, where a process that serves callers does not know the PIN of the recovery token.
  const recovery = recoveryToken ? tokenSettings('RECOVERY_HSM', recoveryToken, secret) : {}
  const launch = (args: readonly string[], extra: Variables) =>
    startChild({
      script: `apps/${app}/src/main.ts`,
      args,
      nodeArguments: [`--import=${preload}`, ...nodeArguments],
      environment: { ...environment, ...extra },
      log: join(scratch, 'log'),
    })
  const running: Child[] = []
  const serve = async (role: 'api' | 'worker', extra: Variables): Promise<ServerProcess> => {
    const child = launch(['serve', `--role=${role}`], extra)
    running.push(child)
    // One message tells both.
    const [port, beside] = await Promise.all([
      child.told<number>('listening'),
      child.told<ServerProcess['beside']>('beside'),
    ])
    return { child, port, beside }
  }
  const stop = async () => {
    await Promise.all(running.map((child) => child.stop()))
    await Promise.all([token.remove(), recoveryToken?.remove()])
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    const operator = {
      ...recovery,
      MIGRATOR_DATABASE_URL_FILE: secret('owner-url', database.ownerUrl),
      RUNTIME_ROLE: database.runtimeRole,
    }
    const provisioning = launch(['provision'], operator)
    await provisioning.ended()
    return {
      database,
      operator: { ...environment, ...operator },
      spawn: (settings) => serve('api', settings),
      spawnWorker: async () => (await serve('worker', recovery)).child,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const sourceOf = ({ module }: SoftToken): ModuleSource => (typeof module === 'string' ? { path: module } : module)

function tokenSettings(prefix: 'HSM' | 'RECOVERY_HSM', token: SoftToken, secret: KeepSecret): Variables {
  const { path, environment = {} } = sourceOf(token)
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return {
    [`${prefix}_MODULE`]: path,
    [`${prefix}_MODULE_ENV`]: variables.join(',') || undefined,
    [`${prefix}_TOKEN_LABEL`]: token.tokenLabel,
    [`${prefix}_PIN_FILE`]: secret(`${prefix}-pin`, Buffer.from(token.pin.expose()).toString('utf8')),
  }
}
