import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildNative } from './build-native.ts'

/** Where the bootstrap found openCryptoki, else Debian's path. */
export const OPENCRYPTOKI_MODULE =
  process.env['STRONGROOM_OPENCRYPTOKI_MODULE'] ?? '/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so'

/** An openCryptoki with one soft token, its daemon and all its files in a directory of their own. */
export interface PrivateOpencryptoki {
  readonly module: string
  /** What a process must be started with to find this one, and not the machine's. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

const configuration = ['version opencryptoki-3.1', 'slot 0', '{', 'stdll = libpkcs11_sw.so', '}', ''].join('\n')
const places = ['var/lib/opencryptoki/swtok/TOK_OBJ', 'var/lock/opencryptoki/swtok', 'var/log/opencryptoki', 'var/run']
const socket = 'var/run/pkcsslotd.socket'

const TRIES = 200
const PAUSE_MS = 25

// Ends the daemon as soon as our end of the pipe closes, however we died: it removes its shared memory then.
const leashed = '"$1" -f & daemon=$!; read -r _; kill -TERM "$daemon"; wait "$daemon"'

/**
 * Runs the distribution's daemon unchanged, and as who we are: a preloaded library moves its places (`native/private-root.c`).
 * Throws where openCryptoki or a C compiler is missing, or with what the daemon said.
 */
export async function startOpencryptoki(path = OPENCRYPTOKI_MODULE): Promise<PrivateOpencryptoki> {
  const module = await realpath(path).catch((cause: unknown) => {
    throw new Error(`no openCryptoki at ${path}: install it, or name its library in STRONGROOM_OPENCRYPTOKI_MODULE`, {
      cause,
    })
  })
  const home = dirname(module)
  // A socket's path has at most 107 bytes.
  const root = await mkdtemp(join(tmpdir(), 'strongroom-ock-'))
  const libraries = [home, join(home, 'stdll'), dirname(home), process.env['LD_LIBRARY_PATH']]
  const environment = {
    STRONGROOM_PRIVATE_ROOT: root,
    LD_PRELOAD: await buildNative('private-root'),
    LD_LIBRARY_PATH: libraries.filter(Boolean).join(':'),
  }
  try {
    await furnish(root)
    const end = await startDaemon(join(home, 'methods', 'pkcsslotd'), { root, environment })
    const stop = async () => {
      await end()
      await rm(root, { recursive: true, force: true })
    }
    return { module, environment, stop }
  } catch (error) {
    await rm(root, { recursive: true, force: true })
    throw error
  }
}

async function furnish(root: string): Promise<void> {
  for (const place of ['etc/opencryptoki', 'usr/sbin', ...places]) {
    await mkdir(join(root, place), { recursive: true, mode: 0o700 })
  }
  await writeFile(join(root, 'etc/opencryptoki/opencryptoki.conf'), configuration)
  // Whose inode is looked for, and nothing more.
  await writeFile(join(root, 'usr/sbin/pkcsslotd'), '')
}

async function startDaemon(
  program: string,
  { root, environment }: { root: string; environment: Readonly<Record<string, string>> },
): Promise<() => Promise<void>> {
  await access(program)
  const child = spawn('/bin/sh', ['-c', leashed, 'sh', program], {
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'], ...environment },
  })
  const ended = once(child, 'exit')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdin.on('error', () => undefined)
  const end = async () => {
    child.stdin.end()
    await ended
  }
  for (let tries = 0; tries < TRIES; tries++) {
    if (await exists(join(root, socket))) return end
    await sleep(PAUSE_MS)
  }
  await end()
  throw new Error(`the daemon of openCryptoki did not start: ${said.trim()}`)
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
