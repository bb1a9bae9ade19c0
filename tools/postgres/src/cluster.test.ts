import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, initialise, start, stateDirectory, stopLeftover, type Cluster } from './index.ts'

const place = join(stateDirectory(), `postgres-test-${process.pid}`)
let directory: string
let running: Cluster[] = []

beforeEach((context) => {
  directory = join(place, context.task.id)
})
afterEach(async () => {
  await Promise.all(running.map((cluster) => cluster.stop()))
  running = []
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const open = async (port?: number) => {
  const cluster = await start({ directory, durability: 'throwaway', ...(port && { port }) })
  running.push(cluster)
  return cluster
}
const ask = async (url: string, text: string) => {
  const connection = await connect(url)
  try {
    return await connection.query(text)
  } finally {
    await connection.end()
  }
}
const killSupervisor = async () => {
  const script = `import { start } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const { url } = await start({ directory: ${JSON.stringify(directory)}, durability: 'throwaway' })
    process.stdout.write(url)
    setInterval(() => {}, 1000)`
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(supervisor.stdout, 'data')) as [Buffer]
  // The whole process group, as a closing terminal would.
  process.kill(-(supervisor.pid ?? 0), 'SIGKILL')
  await once(supervisor, 'exit')
  return url.toString()
}
const isGone = () => !existsSync(join(directory, 'data/postmaster.pid'))

describe('a cluster', () => {
  it('is made once and keeps what was written', async () => {
    const first = await open()
    await ask(first.url, 'create table kept ()')
    await first.stop()
    const second = await open()
    expect(await ask(second.url, 'select from kept')).toEqual([])
  })

  it('lets in nobody without the password, which only its owner can read', async () => {
    const { url } = await open()
    const guess = new URL(url)
    guess.password = 'postgres'
    await expect(connect(guess.href)).rejects.toThrow('password authentication failed')
    const [setting] = await ask(url, 'select rolpassword from pg_authid where rolname = current_user')
    expect(setting?.['rolpassword']).toMatch(/^SCRAM-SHA-256\$/)
    expect(statSync(join(directory, 'superuser-password')).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  it('listens on the loopback address and nowhere else', async () => {
    const { url } = await open()
    const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    for (const { address } of outside.filter(({ internal, family }) => !internal && family === 'IPv4')) {
      const elsewhere = new URL(url)
      elsewhere.hostname = address
      await expect(connect(elsewhere.href)).rejects.toThrow('ECONNREFUSED')
    }
    expect(await ask(url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
  })

  it('takes another port where the wanted one is busy', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    const { port } = busy.address() as AddressInfo
    const cluster = await open(port)
    expect(cluster.port).not.toBe(port)
    busy.close()
  })

  it('is made anew where a killed run left half of one, and never over a whole one', async () => {
    mkdirSync(join(directory, 'unfinished-1', 'base'), { recursive: true })
    await initialise({ directory, durability: 'throwaway' })
    expect(existsSync(join(directory, 'unfinished-1'))).toBe(false)
    const identity = () => readFileSync(join(directory, 'data/global/pg_control')).subarray(0, 8)
    const before = identity()
    await initialise({ directory, durability: 'throwaway' })
    expect(identity()).toEqual(before)
  })

  it('starts beside a pid file whose number now belongs to another program', async () => {
    await initialise({ directory, durability: 'throwaway' })
    writeFileSync(join(directory, 'data/postmaster.pid'), `${process.pid}\n${directory}/data\n1\n5432\n`)
    const { url } = await open()
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('says what PostgreSQL said when it does not start', async () => {
    await initialise({ directory, durability: 'throwaway' })
    writeFileSync(join(directory, 'data/postgresql.conf'), 'no_such_setting = 1\n')
    await expect(open()).rejects.toThrow('no_such_setting')
  })
})

describe('a supervisor that is killed', () => {
  it('takes its server with it', async () => {
    const url = await killSupervisor()
    await expect.poll(isGone).toBe(true)
    await expect(connect(url)).rejects.toThrow('ECONNREFUSED')
  })

  it('is followed by one that starts over the same data', async () => {
    await killSupervisor()
    const { url } = await open()
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('cannot leave a server that the next one does not find and stop', async () => {
    const { ended } = await open()
    expect(await stopLeftover(directory)).toBe('stopped')
    await ended
    expect(await stopLeftover(directory)).toBe('none')
  })
})
