import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softToken } from '@strongroom/hsm/testing'
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

/** The key server as an operator runs it: provisioned, then served by processes of its own `main.ts`. */
export interface KeyServer {
  readonly port: number
  readonly child: Child
  readonly database: BenchDatabase
  /** One more process on the same database and token. */
  spawn(settings: Readonly<Record<string, string>>): Promise<ServerProcess>
  stop(): Promise<void>
}

const preload = new URL('../inspector.ts', import.meta.url).href

export async function startKeyServer({ superuserUrl, module, nodeArguments = [] }: KeyServerWish): Promise<KeyServer> {
  const token = await softToken({ label: 'key-server', ...(module !== undefined && { module }) })
  const database = await makeDatabase(superuserUrl)
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const secret = (name: string, value: string) => {
    writeFileSync(join(scratch, name), value, { mode: 0o600 })
    return join(scratch, name)
  }
  const source = typeof token.module === 'string' ? { path: token.module } : token.module
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    STRONGROOM_ENV: 'development',
    PORT: '0',
    DATABASE_URL_FILE: secret('database-url', database.runtimeUrl),
    DATABASE_CONNECTIONS: String(CONNECTIONS_IN_POOL),
    CREATIONS_PER_ADDRESS: '1000000',
    CREATIONS_IN_ALL: '1000000',
    HSM_MODULE: source.path,
    ...source.environment,
    ...(source.libraryParameters !== undefined && { BENCH_LIBRARY_PARAMETERS: source.libraryParameters }),
    HSM_TOKEN_LABEL: token.tokenLabel,
    HSM_PIN_FILE: secret('pin', Buffer.from(token.pin.expose()).toString('utf8')),
    HSM_STATE_DIRECTORY: scratch,
  }
  const launch = (command: string, extra: Readonly<Record<string, string>>) =>
    startChild({
      script: 'apps/key-server/src/main.ts',
      args: [command],
      nodeArguments: [`--import=${preload}`, ...nodeArguments],
      environment: { ...environment, ...extra },
      log: join(scratch, 'log'),
    })
  const running: Child[] = []
  const spawn: KeyServer['spawn'] = async (settings) => {
    const child = launch('serve', settings)
    running.push(child)
    return { child, port: await child.told<number>('listening') }
  }
  const stop = async () => {
    await Promise.all(running.map((child) => child.stop()))
    await token.remove()
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    const provisioning = launch('provision', {
      MIGRATOR_DATABASE_URL_FILE: secret('owner-url', database.ownerUrl),
      RUNTIME_ROLE: database.runtimeRole,
    })
    await provisioning.ended()
    return { ...(await spawn({})), database, spawn, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
