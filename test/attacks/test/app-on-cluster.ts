import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { connect } from '@strongroom/postgres'
import type { AppProcess, Settings } from '@strongroom/test-world'
import { noLimits } from './key-server.ts'

export interface AppOnCluster extends AsyncDisposable {
  spawn(settings?: Settings, ...options: readonly string[]): Promise<AppProcess>
  /** As the superuser, in the app's database. */
  sql(query: string): Promise<Record<string, unknown>[]>
  log(): string
}

const root = join(import.meta.dirname, '../../..')
const [database, runtime] = ['attacked', 'attacked_app']

/**
 * An app on a cluster of the test's own: a folder under `apps`, the key server unless said, or a program in its place. `startApp`
 * knows the run's shared cluster alone.
 */
export async function startOnCluster(
  superuserUrl: string,
  settings: Settings,
  app = 'key-server',
): Promise<AppOnCluster> {
  const tokens = [await softToken({ label: 'attacked' }), await softToken({ label: 'attacked-recovery' })] as const
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-attacked-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(scratch, name), text, { mode: 0o600 })
    return join(scratch, name)
  }
  const adminUrl = await makeDatabase(superuserUrl)
  const runtimeUrl = new URL(adminUrl)
  runtimeUrl.username = runtime
  const environment = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    STRONGROOM_ENV: 'development',
    PORT: '0',
    DATABASE_URL_FILE: file('database-url', runtimeUrl.href),
    HSM_STATE_DIRECTORY: scratch,
    ...tokenSettings('HSM', tokens[0], file),
    ...tokenSettings('RECOVERY_HSM', tokens[1], file),
    PUBLIC_URL: 'http://127.0.0.1:4100',
    MAIL_FROM: 'keys@strongroom.example',
    ...noLimits,
    ...settings,
  }
  const program = app.endsWith('.ts') ? app : `apps/${app}/src/main.ts`
  const output: string[] = []
  const children: ChildProcess[] = []
  const launch = (command: readonly string[], extra: Settings) => {
    const child = spawn(process.execPath, ['--conditions=@strongroom/source', program, ...command], {
      cwd: root,
      env: { ...environment, ...extra },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)))
    children.push(child)
    return child
  }
  const dispose = async () => {
    await Promise.all(children.map(end))
    await Promise.all(tokens.map((token) => token.remove()))
    rmSync(scratch, { recursive: true, force: true })
  }
  const provisioning = launch(['provision'], {
    MIGRATOR_DATABASE_URL_FILE: file('migrator-url', adminUrl),
    RUNTIME_ROLE: runtime,
  })
  const [code] = (await once(provisioning, 'close')) as [number | null]
  if (code !== 0) {
    await dispose()
    throw new Error(`${app} could not be provisioned:\n${output.join('')}`)
  }
  return {
    async spawn(extra = {}, ...options) {
      const child = launch(['serve', ...options], extra)
      const told = once(child, 'message') as Promise<[{ listening: number; beside: Record<string, number> }]>
      const early = once(child, 'close').then(() => {
        throw new Error(`${app} ended before it listened:\n${output.join('')}`)
      })
      const [{ listening, beside }] = await Promise.race([told, early])
      early.catch(() => undefined)
      const urls = Object.entries(beside).map(([name, port]) => [name, `http://127.0.0.1:${String(port)}`] as const)
      return { child, baseUrl: `http://127.0.0.1:${String(listening)}`, beside: Object.fromEntries(urls) }
    },
    sql: (query) => askOnce(adminUrl, query),
    log: () => output.join(''),
    [Symbol.asyncDispose]: dispose,
  }
}

async function makeDatabase(superuserUrl: string): Promise<string> {
  const { password } = new URL(superuserUrl)
  await askOnce(superuserUrl, `create role ${runtime} login password '${password}'`)
  await askOnce(superuserUrl, `create database ${database}`)
  const url = new URL(superuserUrl)
  url.pathname = `/${database}`
  return url.href
}

function tokenSettings(prefix: string, token: SoftToken, file: (name: string, text: string) => string) {
  const { module, tokenLabel, pin } = token
  if (typeof module === 'string') throw new Error('A soft token names its configuration.')
  const variables = Object.entries(module.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  return {
    [`${prefix}_MODULE`]: module.path,
    [`${prefix}_MODULE_ENV`]: variables.join(','),
    [`${prefix}_TOKEN_LABEL`]: tokenLabel,
    [`${prefix}_PIN_FILE`]: file(`${prefix}-pin`, Buffer.from(pin.expose()).toString('utf8')),
  }
}

async function askOnce(url: string, query: string): Promise<Record<string, unknown>[]> {
  const connection = await connect(url)
  try {
    return await connection.query(query)
  } finally {
    await connection.end()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
