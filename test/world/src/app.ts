import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { connect } from '@strongroom/postgres'
import { type Outbox, startOutbox, type Told } from '@strongroom/outbox'
import { testDatabase, type TestDatabase } from './database.ts'

export type Settings = Readonly<Record<string, string | undefined>>

export interface AppWish {
  /** The folder under `apps/`. */
  readonly app: string
  /** How many processes share the database and the token; one unless said. */
  readonly processes?: number
  /** Variables on top of, or instead of, those of a test; `undefined` unsets one. */
  readonly settings?: Settings
}

export interface AppProcess {
  readonly baseUrl: string
  /** Base URLs of the listeners that an app has beside, by name. */
  readonly beside: Readonly<Record<string, string>>
  readonly child: ChildProcess
}

/** An app as an operator runs it: provisioned, then served by real processes. */
export interface TestApp extends AsyncDisposable {
  readonly baseUrls: string[]
  readonly processes: AppProcess[]
  readonly token: SoftToken
  /** The token that only workers log in to, where the app has one. */
  readonly recoveryToken: SoftToken
  readonly database: TestDatabase
  readonly outbox: Outbox
  /** What was sent to an address or number, oldest first. */
  messagesTo(address: string): Promise<Told[]>
  /** Everything that its processes have written so far. */
  log(): Promise<string>
  /** As the owner of the database. */
  sql(query: string): Promise<Record<string, unknown>[]>
  takeToken(): Promise<void>
  bringTokenBack(): Promise<void>
  /** The environment of an operator: what provisioning reads, and who rotates keys. */
  readonly operator: NodeJS.ProcessEnv
  /** Provisions once more; answers the exit code. */
  provision(): Promise<number | null>
  /** Runs one of the app's commands, as an operator would. */
  run(command: string, ...given: readonly string[]): Promise<{ code: number | null; output: string }>
  /** Begins a process with these arguments, and waits for nothing. */
  launch(command: readonly string[], settings?: Settings): ChildProcess
  /** One more process, on the same database and token. */
  spawn(settings?: Settings, ...options: readonly string[]): Promise<AppProcess>
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../../..')

export async function startApp({ app, processes = 1, settings = {} }: AppWish): Promise<TestApp> {
  const token = await softToken({ label: app })
  const recoveryToken = await softToken({ label: `${app}-recovery` })
  const outbox = await startOutbox({ httpPort: 0, smtpPort: 0 })
  const database = await testDatabase({ template: 'empty', prepare: () => Promise.resolve() })
  const scratch = mkdtempSync(join(tmpdir(), `strongroom-${app}-`))
  const output: string[] = []
  const running: AppProcess[] = []
  const secret = (name: string, value: string) => {
    const path = join(scratch, name)
    writeFileSync(path, value, { mode: 0o600 })
    return path
  }
  const environment = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    STRONGROOM_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL_FILE: secret('database-url', database.url),
    HSM_MODULE: moduleOf(token).path,
    HSM_MODULE_ENV: moduleOf(token).variables,
    HSM_TOKEN_LABEL: token.tokenLabel,
    HSM_PIN_FILE: secret('pin', Buffer.from(token.pin.expose()).toString('utf8')),
    HSM_STATE_DIRECTORY: scratch,
    RECOVERY_HSM_MODULE: moduleOf(recoveryToken).path,
    RECOVERY_HSM_MODULE_ENV: moduleOf(recoveryToken).variables,
    RECOVERY_HSM_TOKEN_LABEL: recoveryToken.tokenLabel,
    RECOVERY_HSM_PIN_FILE: secret('recovery-pin', Buffer.from(recoveryToken.pin.expose()).toString('utf8')),
    PUBLIC_URL: 'http://127.0.0.1:4100',
    SMTP_URL: outbox.smtp,
    MAIL_FROM: 'Strongroom <keys@strongroom.example>',
    SMS_HTTP_URL: new URL('/sms', outbox.url).href,
    SMS_HTTP_TOKEN: 'a-token-of-the-tests',
    ...settings,
  }
  chmodSync(scratch, 0o700)

  const launch: TestApp['launch'] = (command, extra = {}) => {
    const child = spawn(process.execPath, ['--conditions=@strongroom/source', `apps/${app}/src/main.ts`, ...command], {
      cwd: root,
      env: { ...environment, ...extra },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')))
    child.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')))
    return child
  }
  const spawnOne: TestApp['spawn'] = async (extra = {}, ...options) => {
    const child = launch(['serve', ...options], extra)
    const { listening, beside } = await whereItListens(child, () => output.join(''))
    const urls = Object.entries(beside).map(([name, port]) => [name, urlOf(port)] as const)
    const one = { child, baseUrl: urlOf(listening), beside: Object.fromEntries(urls) }
    running.push(one)
    return one
  }
  const migrator = {
    MIGRATOR_DATABASE_URL_FILE: secret('migrator-url', database.adminUrl),
    RUNTIME_ROLE: database.role,
  }
  const provision = async () => {
    const provisioning = launch(['provision'], migrator)
    const [code] = (await once(provisioning, 'close')) as [number | null]
    return code
  }
  const run: TestApp['run'] = async (command, ...given) => {
    const child = launch([command, ...given], {})
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output: said.join('') }
  }
  const stop = async () => {
    await Promise.all(running.map(({ child }) => end(child)))
    await database.drop()
    await Promise.all([token.remove(), recoveryToken.remove(), outbox.stop()])
    rmSync(scratch, { recursive: true, force: true })
  }

  try {
    if ((await provision()) !== 0) throw new Error(`${app} could not be provisioned:\n${output.join('')}`)
    for (let i = 0; i < processes; i++) await spawnOne()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    processes: running,
    get baseUrls() {
      return running.map(({ baseUrl }) => baseUrl)
    },
    token,
    recoveryToken,
    database,
    outbox,
    async messagesTo(address) {
      const answer = await fetch(new URL(`/messages?to=${encodeURIComponent(address)}`, outbox.url))
      return ((await answer.json()) as Told[]).toReversed()
    },
    log: () => Promise.resolve(output.join('')),
    sql: (query) => askAsOwner(database.adminUrl, query),
    operator: { ...environment, ...migrator },
    takeToken: () => token.take(),
    bringTokenBack: () => token.bringBack(),
    provision,
    run,
    launch,
    spawn: spawnOne,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A soft token has a copy of the module and a configuration of its own. */
export function moduleOf({ module }: SoftToken) {
  if (typeof module === 'string') throw new Error('a soft token names its configuration')
  const variables = Object.entries(module.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  return { path: module.path, variables: variables.join(',') }
}

const urlOf = (port: number): string => `http://127.0.0.1:${String(port)}`

interface Ports {
  readonly listening: number
  readonly beside: Readonly<Record<string, number>>
}

async function whereItListens(child: ChildProcess, log: () => string): Promise<Ports> {
  return new Promise((resolve, reject) => {
    child.once('message', (told) => resolve(told as Ports))
    // Not its exit: what it said last may be in the pipe still.
    child.once('close', (code) => reject(new Error(`the app ended with ${String(code)} before it listened:\n${log()}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function askAsOwner(url: string, query: string) {
  const connection = await connect(url)
  try {
    return await connection.query(query)
  } finally {
    await connection.end()
  }
}
