import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { checkout } from '@strongroom/postgres'
import type { App } from './apps.ts'
import { openLog } from './log-file.ts'

export interface AppRun {
  readonly app: App
  readonly environment: Readonly<Record<string, string>>
  readonly log: string
}

export interface AppProcess {
  /** The exit code; `null` when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Lets it drain for 15 s. */
  stop(): Promise<void>
}

/**
 * Starts an app, or its `provision`. In a session of its own, so that Ctrl-C reaches the supervisor alone, which stops
 * things in order; over the IPC channel the app notices when the supervisor is gone.
 */
export function startApp({ app, environment, log }: AppRun, args: readonly string[] = []): AppProcess {
  const output = openLog(log)
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', app.main, ...args], {
    cwd: checkout,
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output, 'ipc'],
  })
  closeSync(output)
  const ended = new Promise<number | null>((done) => {
    child.once('exit', (code) => done(code))
    child.once('error', () => done(null))
  })
  return { ended, stop: () => stopChild(child, ended) }
}

/** What a command of the app prints; `undefined` where it failed. */
export async function runCommand({ app, environment, log }: AppRun, command: string): Promise<string | undefined> {
  const errors = openLog(log)
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', app.main, command], {
    cwd: checkout,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', errors],
  })
  closeSync(errors)
  const printed = child.stdout ? text(child.stdout) : ''
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0 ? printed : undefined
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(force)
}
