import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModuleSource } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { type Child, startChild } from './child.ts'
import { type BenchDatabase, makeDatabase } from './database.ts'

export const CONNECTIONS_IN_POOL = 10

export interface KeyServerWish {
  readonly superuserUrl: string
  /** SoftHSM unless said. */
  readonly module?: string
  readonly nodeArguments?: readonly string[]
}

export interface ServerProcess {
  readonly port: number
  readonly child: Child
}

/** A database and tokens that the key server's own `main.ts` provisioned, as an operator would. */
export interface Provisioned {
  readonly database: BenchDatabase
  /** An `api` process. */
  spawn(settings: Readonly<Record<string, string>>): Promise<ServerProcess>
  /** A worker beside: sweeps, jobs, and the log in to the recovery token. */
  spawnWorker(): Promise<Child>
  stop(): Promise<void>
}

/** With a first `api` process: production keeps workers apart, so none sweeps beside what is measured unless asked to. */
export type KeyServer = Provisioned & ServerProcess

type Variables = Readonly<Record<string, string | undefined>>
type KeepSecret = (name: string, value: string) => string

const preload = new URL('../inspector.ts', import.meta.url).href

export async function startKeyServer(wish: KeyServerWish): Promise<KeyServer> {
  const provisioned = await provisionKeyServer(wish)
  try {
    return { ...provisioned, ...(await provisioned.spawn({})) }
  } catch (error) {
    await provisioned.stop()
    throw error
  }
}

export async function provisionKeyServer(wish: KeyServerWish): Promise<Provisioned> {
  const { superuserUrl, module, nodeArguments = [] } = wish
  const token = await softToken({ label: 'key-server', ...(module !== undefined && { module }) })
  const recoveryToken = await softToken({ label: 'key-server-recovery' })
  const database = await makeDatabase(superuserUrl)
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const secret: KeepSecret = (name, value) => {
    writeFileSync(join(scratch, name), value, { mode: 0o600 })
    return join(scratch, name)
  }
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    STRONGROOM_ENV: 'development',
    PORT: '0',
    PUBLIC_URL: 'http://127.0.0.1:4100',
    DATABASE_URL_FILE: secret('database-url', database.runtimeUrl),
    DATABASE_CONNECTIONS: String(CONNECTIONS_IN_POOL),
    CREATIONS_PER_ADDRESS: '1000000',
    CREATIONS_IN_ALL: '1000000',
    HSM_STATE_DIRECTORY: scratch,
    BENCH_LIBRARY_PARAMETERS: sourceOf(token).libraryParameters,
    ...tokenSettings('HSM', token, secret),
  }
  // As in production, where a process that serves callers does not know the PIN of the recovery token.
  const recovery = tokenSettings('RECOVERY_HSM', recoveryToken, secret)
  const launch = (args: readonly string[], extra: Variables) =>
    startChild({
      script: 'apps/key-server/src/main.ts',
      args,
      nodeArguments: [`--import=${preload}`, ...nodeArguments],
      environment: { ...environment, ...extra },
      log: join(scratch, 'log'),
    })
  const running: Child[] = []
  const serve = async (role: 'api' | 'worker', extra: Variables): Promise<ServerProcess> => {
    const child = launch(['serve', `--role=${role}`], extra)
    running.push(child)
    return { child, port: await child.told<number>('listening') }
  }
  const stop = async () => {
    await Promise.all(running.map((child) => child.stop()))
    await Promise.all([token.remove(), recoveryToken.remove()])
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    const provisioning = launch(['provision'], {
      ...recovery,
      MIGRATOR_DATABASE_URL_FILE: secret('owner-url', database.ownerUrl),
      RUNTIME_ROLE: database.runtimeRole,
    })
    await provisioning.ended()
    return {
      database,
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
