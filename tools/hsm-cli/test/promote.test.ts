import { join } from 'node:path'
import { clientOf } from '@strongroom/key-server/testing'
import type { SoftToken } from '@strongroom/hsm/testing'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AppWorld, appWorld } from './app-world.ts'
import { run } from './command-line.ts'
import { serveApp } from './serve-app.ts'

const app = 'key-server'
let world: AppWorld
const cli = (...args: readonly string[]) => run([...args, '--app', app, '--yes'], { env: world.env })

let second: SoftToken

beforeAll(async () => {
  world = await appWorld(app)
  second = await world.addToken()
})
afterAll(() => world[Symbol.asyncDispose]())

test('the first of two tokens is lost: the other one takes its place, with new signing keys and every value', async () => {
  expect(await cli('init', '--transcript', join(world.state, 'first.jsonl'))).toMatchObject({ code: 0 })
  let id = ''
  let opened = ''
  {
    await using served = await serveApp(app, world.env)
    const client = clientOf(served.url)
    id = await client.create('1234')
    opened = (await client.open(id, '1234')).text
    expect(await cli('promote', '--token', 'key-server-second', '--new-signing-keys')).toMatchObject({
      code: 1,
      told: expect.stringContaining('is at work'),
    })
  }
  await second.take()
  let halfHeld = ''
  {
    await using served = await serveApp(app, world.env)
    halfHeld = await clientOf(served.url).create('2345')
  }
  await second.bringBack()
  await world.token.take()
  const unsaid = await cli('promote', '--token', 'key-server-second')
  expect([unsaid.code, unsaid.told]).toEqual([1, expect.stringContaining('--new-signing-keys')])
  expect(await cli('promote', '--token', 'nobody', '--new-signing-keys')).toMatchObject({ code: 2 })
  const lost = await cli('promote', '--token', 'key-server-second', '--new-signing-keys')
  expect([lost.code, lost.told]).toEqual([1, expect.stringContaining(`does not hold pin-keys.keys ${halfHeld}`)])
  await world.database.run(sql`delete from pin_keys.keys where id = ${halfHeld}`)
  const promoted = await cli('promote', '--token', 'key-server-second', '--new-signing-keys')
  expect([promoted.code, promoted.said]).toEqual([0, expect.stringMatching(/"key-server-second" is the first token/)])

  for (const name of ['MODULE', 'MODULE_ENV', 'TOKEN_LABEL', 'PIN_FILE']) {
    world.env[`HSM_${name}`] = world.env[`HSM_2_${name}`]
    Reflect.deleteProperty(world.env, `HSM_2_${name}`)
  }
  const again = await cli(
    'init',
    '--transcript',
    join(world.state, 'second.jsonl'),
    '--without-second-device',
    'on its way',
    '--json',
  )
  expect([again.code, again.told]).toEqual([0, expect.any(String)])
  const { keys } = JSON.parse(again.said) as { keys: readonly { label: string; token: string; made: boolean }[] }
  const made = keys.filter((key) => key.made).map(({ label }) => label)
  expect(made).toEqual(['strongroom/key-server/sign/audit/v1'])
  const finished = await cli('move-finish', '--from-token', app)
  expect([finished.code, finished.told]).toEqual([0, expect.any(String)])
  await using served = await serveApp(app, world.env)
  expect((await clientOf(served.url).open(id, '1234')).text).toBe(opened)
})
