import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { freePort } from '@strongroom/postgres'
import { findRedis } from './find.ts'
import { leash } from './leash.ts'
import { settingsOf, urlOf, type Access } from './settings.ts'

export interface RedisOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Letters, digits, `-` and `_`. Default: a random one. */
  readonly password?: string
  /** A file that what it says is appended to (0600). */
  readonly log?: string
}

export interface RedisServer {
  /** `redis://default:<password>@127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** Settles when the server ended, for whatever reason. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/**
 * Starts a redis-server that keeps nothing on disk. It listens on 127.0.0.1 only, lets in nobody without the password, and
 * ends with this process, even when that is killed.
 * @throws Error where there is no redis-server, or with what it said where it did not start.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = findRedis()
  if (!program) throw new Error('There is no redis-server on PATH: npm test provides one, or your package manager.')
  const password = options.password ?? randomBytes(24).toString('base64url')
  if (!/^[\w-]+$/.test(password)) throw new TypeError('the password of Redis takes letters, digits, - and _')
  for (let attempt = 1; ; attempt++) {
    const access = { password, port: await freePort(options.port) }
    const { child, ended, over } = launch(program, { access, log: options.log })
    const problem = await untilReady(child, over)
    if (problem === undefined) return serverOf(child, { access, ended })
    // Somebody took the port between the moment it was found free and the moment it was bound.
    if (!problem.includes('Address already in use') || attempt === 3)
      throw new Error(`Redis did not start:\n${problem}`)
  }
}

interface Launch {
  readonly access: Access
  readonly log: string | undefined
}

/** The settings go in by stdin: what is on the command line, the password too, everybody on the machine can read. */
function launch(program: string, { access, log }: Launch) {
  const child = spawn(program, ['-'], {
    cwd: tmpdir(),
    detached: true,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] },
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()).once('error', () => done()))
  const holder = child.pid === undefined ? undefined : leash(child.pid)
  void ended.then(() => holder?.release())
  if (log !== undefined) child.stdout.on('data', (chunk: Buffer) => appendFileSync(log, chunk, { mode: 0o600 }))
  child.stdin.on('error', () => undefined)
  child.stdin.end(settingsOf(access))
  // Not its exit: what it said last, that the port is taken, may be in the pipe still.
  const over = new Promise<void>((done) => child.once('close', () => done()).once('error', () => done()))
  return { child, ended, over }
}

/** `undefined` when it accepts connections, else what it said before it ended. */
async function untilReady(child: ChildProcessWithoutNullStreams, over: Promise<void>): Promise<string | undefined> {
  let said = ''
  const ready = new Promise<true>((done) => {
    child.once('error', (error) => (said += error.message))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    child.stdout.on('data', (chunk: Buffer) => {
      // What comes after the start is of no use here, and must be read all the same: the server would stop at a full pipe.
      if (said.length < 65_536) said += chunk.toString('utf8')
      if (said.includes('Ready to accept connections')) done(true)
    })
  })
  return (await Promise.race([ready, over])) ? undefined : said.trim()
}

interface Running {
  readonly access: Access
  readonly ended: Promise<void>
}

function serverOf(child: ChildProcessWithoutNullStreams, { access, ended }: Running): RedisServer {
  // Tests that forget to close it must still be able to end.
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const close = async () => {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(force)
  }
  return { url: urlOf(access), port: access.port, ended, close }
}
