import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { findRedis, startRedis, type RedisOptions } from './index.ts'

const begin = async (options?: RedisOptions) => {
  const server = await startRedis(options)
  onTestFinished(() => server.close())
  return server
}

/** A client that gives up at once, as no app's should. */
async function connect(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  onTestFinished(() => client.destroy())
  return client.connect()
}

const lives = (url: string) =>
  connect(url).then(
    () => true,
    () => false,
  )

test('it keeps a value until its time is over, and gives it out once to whoever takes it', async () => {
  const client = await connect((await begin()).url)
  await client.set('session', 'approved', { expiration: { type: 'PX', value: 60_000 } })
  expect(await client.getDel('session')).toBe('approved')
  expect(await client.get('session')).toBeNull()
})

test('it writes nothing to disk, and refuses what does not fit rather than forget what it holds', async () => {
  const client = await connect((await begin()).url)
  expect(await client.configGet('save')).toEqual({ save: '' })
  expect(await client.configGet('appendonly')).toEqual({ appendonly: 'no' })
  expect(await client.configGet('maxmemory-policy')).toEqual({ 'maxmemory-policy': 'noeviction' })
})

test('it listens on this machine only, and lets in nobody without the password', async () => {
  const { url } = await begin()
  expect(new URL(url).hostname).toBe('127.0.0.1')
  const without = Object.assign(new URL(url), { username: '', password: '' }).href
  await expect(connect(without)).rejects.toThrow('NOAUTH')
  await expect(connect(Object.assign(new URL(url), { password: 'wrong' }).href)).rejects.toThrow('WRONGPASS')
  expect(await (await connect(url)).configGet('bind')).toEqual({ bind: '127.0.0.1' })
})

test('the password is on no command line', async () => {
  const { url } = await begin()
  const info = await (await connect(url)).info('server')
  const [, pid = ''] = /process_id:(\d+)/.exec(info) ?? []
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('redis-server')
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(new URL(url).password)
})

test('a busy port is no obstacle, and two run side by side', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as AddressInfo
  const [first, second] = await Promise.all([begin({ port }), begin()])
  busy.close()
  await (await connect(first.url)).set('whose', 'first')
  expect(await (await connect(second.url)).get('whose')).toBeNull()
  expect(first.port).not.toBe(port)
})

test('where it is wanted with the same port and password, an app finds it again after it died', async () => {
  const { url, port, ended } = await begin({ password: 'kept-by-the-world' })
  const client = await connect(url)
  await client.sendCommand(['SHUTDOWN', 'NOSAVE']).catch(() => undefined)
  await ended
  const again = await begin({ port, password: 'kept-by-the-world' })
  expect(again.url).toBe(url)
  expect(await lives(url)).toBe(true)
})

test('what it says goes to a file that only its owner may read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'redis.log')
  await (await begin({ log })).close()
  expect(readFileSync(log, 'utf8')).toContain('Ready to accept connections')
  expect(statSync(log).mode & 0o777).toBe(0o600)
})

test.each(['exit', 'SIGKILL'])('it ends with who started it: %s', async (how) => {
  const script = `
    const { startRedis } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
    const { url } = await startRedis()
    console.log(url)
    ${how === 'exit' ? '' : 'setInterval(() => undefined, 1000)'}`
  const args = ['--conditions=@strongroom/source', '--input-type=module', '-e', script]
  const starter = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(starter.stdout, 'data')) as [Buffer]
  const url = line.toString('utf8').trim()
  if (how === 'SIGKILL') starter.kill('SIGKILL')
  await expect.poll(() => lives(url)).toBe(false)
})

test('it is found on PATH, or where a variable says; where it is not, the error says what is missing', async () => {
  expect(findRedis({ PATH: '/nowhere' })).toBeUndefined()
  expect(findRedis({ PATH: '/nowhere', STRONGROOM_REDIS_SERVER: '/opt/redis-server' })).toBe('/opt/redis-server')
  const { PATH: path, STRONGROOM_REDIS_SERVER: named } = process.env
  process.env['PATH'] = '/nowhere'
  delete process.env['STRONGROOM_REDIS_SERVER']
  try {
    await expect(startRedis()).rejects.toThrow('no redis-server')
  } finally {
    process.env['PATH'] = path
    if (named !== undefined) process.env['STRONGROOM_REDIS_SERVER'] = named
  }
})

test('where it does not start, you read what it said', async () => {
  process.env['STRONGROOM_REDIS_SERVER'] = '/bin/false'
  try {
    await expect(startRedis()).rejects.toThrow('Redis did not start')
    process.env['STRONGROOM_REDIS_SERVER'] = '/nowhere/redis-server'
    await expect(startRedis()).rejects.toThrow('ENOENT')
  } finally {
    delete process.env['STRONGROOM_REDIS_SERVER']
  }
})
