import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { connect } from '@strongroom/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually, makePlaces, startWorldOf, type RunningWorld, type TestPlaces } from './running-world.ts'

let places: TestPlaces
let running: RunningWorld[] = []

// One state for all tests, each of which ends with its worlds down: so every start but the first is a second one.
beforeAll(() => {
  places = makePlaces()
})
afterEach(async () => {
  for (const world of running) world.kill('SIGTERM')
  await Promise.all(running.map(({ exited }) => exited))
  running = []
})
afterAll(() => places.remove())

const begin = (...argv: string[]) => {
  const world = startWorldOf(places, ...argv)
  running.push(world)
  return world
}
const up = async () => {
  const world = begin()
  await world.hears('PostgreSQL listens on 127.0.0.1:')
  await world.hears('how to log in')
  return world
}
const down = async (world: RunningWorld) => {
  world.kill('SIGTERM')
  return world.exited
}
const read = (path: string) => readFileSync(join(places.home, path), 'utf8')
const postmaster = () => join(places.cluster, 'data/postmaster.pid')
const addressOf = (world: RunningWorld, app = 'first-app') => world.world().apps[app] ?? ''
const pidOf = async (address: string) => (await fetch(address)).text().catch(() => '')
const answers = (address: string) => pidOf(address).then(Boolean, () => false)

describe('the development world', () => {
  it('brings up all apps, provisioned, and says in a private file where they are', async () => {
    const world = await up()
    expect(world.said()).toMatch(/first-app +http:\/\/127\.0\.0\.1:\d+ +ready/)
    expect(statSync(join(places.home, 'world.json')).mode & 0o777).toBe(0o600)
    const { apps, pkcs11 } = world.world()
    expect(Object.keys(apps)).toEqual(['first-app', 'second-app'])
    expect(pkcs11.tokens['first-app']?.label).toBe('first-app')
    expect(statSync(pkcs11.tokens['first-app']?.pinFile ?? '').mode & 0o777).toBe(0o600)
  })

  it('runs an app as a role that owns nothing, and provisions it as the owner', async () => {
    await up()
    const runtime = await connect(read('credentials/first-app/first_app_runtime.url'))
    await expect(runtime.query('create table mine ()')).rejects.toThrow('permission denied')
    await runtime.end()
    expect(read('tokens/first-app/stand-in-provisioned')).toBe('first_app_migrator for first_app_runtime')
    const migrator = await connect(read('credentials/first-app/first_app_migrator.url'))
    await migrator.query('create table public.mine ()')
    await migrator.end()
  })

  it('keeps tokens, credentials and data from one start to the next', async () => {
    const kept = ['tokens/first-app/pin', 'credentials/first-app/first_app_runtime.password']
    const first = await up()
    const before = kept.map(read)
    const superuser = await connect(first.world().postgres)
    await superuser.query('create table kept ()')
    await superuser.end()
    expect(await down(first)).toBe(0)
    const second = await up()
    expect(kept.map(read)).toEqual(before)
    const again = await connect(second.world().postgres)
    expect(await again.query('select from kept')).toEqual([])
    await again.end()
    expect(second.said()).not.toContain('provisioned')
  })

  it('starts once: a second start shows what runs and leaves it alone', async () => {
    const first = await up()
    const second = begin()
    expect(await second.exited).toBe(0)
    expect(second.said()).toContain(`already running (process ${first.pid})`)
    expect(second.said()).toContain(addressOf(first))
    expect(await answers(addressOf(first))).toBe(true)
  })

  it('takes another port where the usual one is busy, and says so', async () => {
    const busy = createServer().listen(4991, '127.0.0.1')
    const world = await up()
    expect(world.said()).toContain('port 4991 is busy')
    expect(await answers(addressOf(world))).toBe(true)
    busy.close()
  })
})

describe('what dies', () => {
  it('is started again: an app', async () => {
    const world = await up()
    const before = await pidOf(addressOf(world))
    await fetch(`${addressOf(world)}/crash`).catch(() => undefined)
    await eventually(() => answers(addressOf(world)))
    expect(await pidOf(addressOf(world))).not.toBe(before)
    expect(world.said()).toContain('first-app ended (3)')
  })

  it('is started again: PostgreSQL, on the same port', async () => {
    const world = await up()
    const [pid] = readFileSync(postmaster(), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGKILL')
    await world.hears('PostgreSQL ended: starting it again')
    await eventually(async () => {
      const connection = await connect(world.world().postgres).catch(() => undefined)
      await connection?.end()
      return connection !== undefined
    })
    expect(readFileSync(postmaster(), 'utf8').split('\n')[0]).not.toBe(pid)
  })

  it('takes the rest with it when it is the supervisor, even by SIGKILL', async () => {
    const world = await up()
    const address = addressOf(world)
    world.kill('SIGKILL')
    await world.exited
    await eventually(async () => !(await answers(address)))
    await eventually(() => !existsSync(postmaster()))
    expect((await up()).said()).toContain('ready')
  })
})

describe('the end', () => {
  it('comes in order: the apps drain, then PostgreSQL stops', async () => {
    const world = await up()
    const address = addressOf(world)
    expect(await down(world)).toBe(0)
    expect(read('logs/first-app.log')).toContain('drained')
    expect(await answers(address)).toBe(false)
    expect(existsSync(postmaster())).toBe(false)
    expect(existsSync(join(places.home, 'world.json'))).toBe(false)
  })

  it('comes cleanly when nobody reads what it says any more', async () => {
    const world = await up()
    world.stopReading()
    await fetch(`${addressOf(world)}/crash`).catch(() => undefined)
    expect(await world.exited).toBe(0)
    expect(existsSync(postmaster())).toBe(false)
    expect(read('logs/second-app.log')).toContain('drained')
  })

  it('comes in the same order when who started it is killed', async () => {
    const world = await up()
    world.leave()
    expect(await world.exited).toBe(0)
    expect(existsSync(postmaster())).toBe(false)
  })

  it('comes at once with --once, after every app was ready', async () => {
    const world = begin('--once', '--only', 'second-app')
    expect(await world.exited).toBe(0)
    expect(world.said()).toMatch(/second-app +\S+ +ready/)
    expect(world.said()).not.toContain('first-app')
    expect(existsSync(postmaster())).toBe(false)
  })

  it('comes before the beginning for an option that nobody knows', async () => {
    const world = begin('--ones')
    expect(await world.exited).toBe(1)
    expect(world.said().trim().split('\n')).toHaveLength(1)
    expect(world.said()).toContain('There is --once and --only <app>')
  })
})
