import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '@strongroom/postgres'
import { cephSettings } from './ceph-settings.ts'

const execute = promisify(execFile)

/** Ceph's object gateway, as the machine's packages have it: a store that speaks S3. */
export interface Radosgw extends AsyncDisposable {
  readonly url: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Starts one with a cluster of its own, all of it in memory and on 127.0.0.1; its end leaves nothing. */
export async function startRadosgw(): Promise<Radosgw> {
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-radosgw-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const [cluster, monitorPort, port] = [randomUUID(), await freePort(), await freePort()]
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(directory, name))
  const settings = join(directory, 'ceph.conf')
  writeFileSync(settings, cephSettings({ directory, cluster, monitorPort }))
  const env = { PATH: process.env['PATH'], CEPH_CONF: settings, LC_ALL: 'C', HOME: directory }
  const run = async (program: string, ...args: string[]) => void (await execute(program, args, { env }))
  const begin = (program: string, ...args: string[]) => {
    const child = spawn(program, ['-f', ...args], { env, stdio: 'ignore' })
    stack.defer(() => end(child))
    return child
  }

  await makeKeys(run, join(directory, 'keyring'))
  const map = join(directory, 'monmap')
  await run('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${String(monitorPort)}]`, map)
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', join(directory, 'keyring'))
  begin('ceph-mon', '-i', 'a')
  const disk = randomUUID()
  await run('ceph', 'osd', 'new', disk, '0')
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk)
  begin('ceph-osd', '-i', '0')
  const gateway = begin('radosgw', '-n', 'client.rgw', `--rgw-frontends=beast endpoint=127.0.0.1:${String(port)}`)
  await untilListening(gateway, port)

  const [accessKeyId, secretAccessKey] = [randomBytes(10).toString('hex'), randomBytes(20).toString('hex')]
  const login = [`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`]
  await run('radosgw-admin', '-n', 'client.rgw', 'user', 'create', '--uid=test', '--display-name=test', ...login)
  const running = stack.move()
  const url = `http://127.0.0.1:${String(port)}`
  return { url, accessKeyId, secretAccessKey, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function makeKeys(run: (program: string, ...args: string[]) => Promise<void>, keyring: string): Promise<void> {
  const may: Readonly<Record<string, readonly string[]>> = {
    'mon.': ['mon', 'allow *'],
    'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
    'client.rgw': ['mon', 'allow rwx', 'osd', 'allow rwx'],
    'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
  }
  await run('ceph-authtool', '--create-keyring', keyring)
  for (const [name, granted] of Object.entries(may)) {
    const caps = granted.flatMap((word, index) => (index % 2 === 0 ? ['--cap', word] : [word]))
    await run('ceph-authtool', keyring, '--gen-key', '-n', name, ...caps)
  }
}

async function untilListening(gateway: ChildProcess, port: number): Promise<void> {
  while (!(await connects(port))) {
    if (gateway.exitCode !== null) throw new Error(`radosgw ended with ${String(gateway.exitCode)}`)
    await delay(50)
  }
}

const connects = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
  })

/** A gateway may wait for a cluster that is going away, too: it is not asked twice. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 2000)
  await ended
  clearTimeout(force)
}
