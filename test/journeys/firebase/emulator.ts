import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkout, freePort } from '@strongroom/postgres'
import { eventually } from '../src/eventually.ts'

const run = promisify(execFile)
const folder = join(checkout, 'test/compat/firebase')
const program = join(folder, 'node_modules/firebase-tools/lib/bin/firebase.js')

/** Google's own emulator of Firebase Authentication, as it is published. */
export interface Emulator extends AsyncDisposable {
  /** `127.0.0.1:9099`: for `FIREBASE_AUTH_EMULATOR_HOST`. */
  readonly host: string
  /** Of a project that exists nowhere. */
  readonly projectId: string
}

const projectId = 'demo-strongroom'

/** 240 MB are installed when they are first wanted, from the lockfile beside them. */
export async function startEmulator(): Promise<Emulator> {
  if (!existsSync(program)) await run('npm', ['ci'], { cwd: folder })
  const home = mkdtempSync(join(tmpdir(), 'strongroom-firebase-'))
  const [port, hub, logging] = [await freePort(), await freePort(), await freePort()]
  const host = '127.0.0.1'
  const emulators = {
    auth: { host, port },
    hub: { host, port: hub },
    logging: { host, port: logging },
    ui: { enabled: false },
  }
  writeFileSync(join(home, 'firebase.json'), JSON.stringify({ emulators }))
  const child = spawn(process.execPath, [program, 'emulators:start', '--only', 'auth', '--project', projectId], {
    cwd: home,
    // It keeps a configuration and a log of its own, and would ask whoever runs it about their account.
    env: { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const stop = async () => {
    await end(child)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await eventually('the emulator answers', async () => {
      if (child.exitCode !== null) throw new Error(`the emulator ended and said:\n${said}`)
      return fetch(`http://${host}:${String(port)}/`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { host: `${host}:${String(port)}`, projectId, [Symbol.asyncDispose]: stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  await ended
}
