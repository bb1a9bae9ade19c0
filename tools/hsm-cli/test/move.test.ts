import { join } from 'node:path'
import { clientOf } from '@strongroom/key-server/testing'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type AppWorld, appWorld, settingsOf } from './app-world.ts'
import { pinOf, run, variablesOf } from './command-line.ts'
import { serveApp } from './serve-app.ts'

const NSS = process.env['STRONGROOM_NSS_MODULE'] ?? '/usr/lib/x86_64-linux-gnu/libsoftokn3.so'
const app = 'key-server'

let world: AppWorld
let safe: SoftToken
let next: SoftToken
let last: SoftToken
let copies: string
const keys: { readonly id: string; readonly pin: string; readonly opened: string }[] = []

beforeAll(async () => {
  world = await appWorld(app)
  safe = await softToken({ label: 'safe' })
  next = await softToken({ label: 'next' })
  last = await softToken({ label: 'last', module: NSS })
  copies = join(world.state, 'copies.jsonl')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all([safe, next, last].map((token) => token.remove()))
})

const variables = (token: SoftToken) =>
  Object.entries(variablesOf(token))
    .map((one) => one.join('='))
    .join(',')
const safeArgs = () => [
  '--safe-module',
  safe.module.path,
  '--safe-module-env',
  variables(safe),
  '--safe-token',
  'safe',
  '--safe-pin-file',
  world.file('safe-pin', pinOf(safe)),
  '--state-directory',
  world.state,
]
const to = (token: SoftToken) => [
  '--to-module',
  token.module.path,
  '--to-token',
  token.tokenLabel,
  '--to-pin-file',
  world.file(`${token.tokenLabel}-pin`, pinOf(token)),
  ...(variables(token) === '' ? [] : ['--to-module-env', variables(token)]),
]
const cli = (...args: readonly string[]) => run([...args, '--app', app, '--yes'], { env: world.env })

/** What each key opens to, asked of the app with these settings. */
async function openAll(): Promise<readonly string[]> {
  await using served = await serveApp(app, world.env)
  const client = clientOf(served.url)
  const opened: string[] = []
  for (const { id, pin } of keys) opened.push((await client.open(id, pin)).text)
  return opened
}

test('an app that is movable is made with encrypted copies of its MAC keys', async () => {
  const transcript = join(world.state, 'transcript.jsonl')
  const args = ['--movable', copies, '--without-second-device', 'a test', '--transcript', transcript, ...safeArgs()]
  const made = await cli('init', ...args)
  expect([made.code, made.told]).toEqual([0, expect.any(String)])
  await using served = await serveApp(app, world.env)
  const client = clientOf(served.url)
  for (const pin of ['1234', '2345']) {
    const id = await client.create(pin)
    keys.push({ id, pin, opened: (await client.open(id, pin)).text })
  }
  // At work: nothing may be carried.
  const busy = await cli('move', '--copies', copies, ...safeArgs(), ...to(next), '--new-signing-keys')
  expect([busy.code, busy.told]).toEqual([1, expect.stringMatching(/is at work.*stop every process/)])
})

test('what cannot be carried is refused by name, before anything is done', async () => {
  const unsigned = await cli('move', '--copies', copies, ...safeArgs(), ...to(next))
  expect([unsigned.code, unsigned.told]).toEqual([
    1,
    expect.stringMatching(/"strongroom\/key-server\/sign\/audit\/v1" cannot be carried.*--new-signing-keys/),
  ])
  const uncopied = await cli('move', ...to(next), '--new-signing-keys')
  expect([uncopied.code, uncopied.told]).toEqual([
    1,
    expect.stringMatching(/"next" lacks the MAC keys "strongroom\/key-server\/mac\/\w.*no MAC key leaves a token/),
  ])
  const tokens = await world.database.many(
    z.object({ token: z.string() }),
    sql`select distinct token from keystore.keys`,
  )
  expect(tokens).toEqual([{ token: '' }])
})

test('copies of another app, or opened by another token, are refused', async () => {
  const stranger = await softToken({ label: 'stranger' })
  const args = safeArgs().map((one) =>
    one === safe.module.path
      ? stranger.module.path
      : one === 'safe'
        ? 'stranger'
        : one === variables(safe)
          ? variables(stranger)
          : one,
  )
  const pinAt = args.indexOf('--safe-pin-file') + 1
  const refused = await cli(
    'move',
    '--copies',
    copies,
    ...args.with(pinAt, world.file('stranger-pin', pinOf(stranger))),
    ...to(next),
    '--new-signing-keys',
  )
  expect([refused.code, refused.told]).toEqual([
    1,
    expect.stringMatching(/does not hold the key|is not the recorded one/),
  ])
  await stranger.remove()
})

test('a value that nobody declared keeps the move from happening, and is named', async () => {
  await world.database.run(sql`create table public.stray as select envelope from pin_keys.keys limit 1`)
  await world.database.run(
    sql`create table public.strays as select array[envelope] as envelopes from pin_keys.keys limit 1`,
  )
  const stray = await cli('move', '--copies', copies, ...safeArgs(), ...to(next), '--new-signing-keys')
  expect([stray.code, stray.told]).toEqual([
    1,
    expect.stringContaining('values in public.stray.envelope (1 rows), public.strays.envelopes (1 rows)'),
  ])
  await world.database.run(sql`drop table public.strays`)
  await world.database.run(sql`drop table public.stray`)
  const first = sql`select count(*)::int as keys from keystore.keys where token = '' and label like '%/seal/%'`
  expect(await world.database.one(z.object({ keys: z.int() }), first)).toEqual({ keys: 1 })
  // Nothing was switched: the app works with its own token as before.
  expect(await openAll()).toEqual(keys.map(({ opened }) => opened))
})

test('everything is carried to a second SoftHSM: the same keys open to the same PINs there, and to no other', async () => {
  const moved = await cli('move', '--copies', copies, ...safeArgs(), ...to(next), '--new-signing-keys')
  expect([moved.code, moved.told]).toEqual([0, expect.any(String)])
  expect(moved.said).toMatch(/values of key-server open on "next" and on "key-server"/)
  Object.assign(world.env, settingsOf('', next, world.file('next-own-pin', pinOf(next))))
  expect(await openAll()).toEqual(keys.map(({ opened }) => opened))
  await using served = await serveApp(app, world.env)
  expect((await clientOf(served.url).open(keys[0]?.id ?? '', '9999')).status).not.toBe(200)
})

test('the token that was left is taken out of every value, although it is gone', async () => {
  await world.token.take()
  expect(await cli('move-finish', '--from-token', 'next')).toMatchObject({ code: 2 })
  const finished = await cli('move-finish', '--from-token', app)
  expect([finished.code, finished.told]).toEqual([0, expect.any(String)])
  const [held] = await world.database.many(
    z.object({ most: z.int() }),
    sql`select max(get_byte(envelope, 2)) as most from pin_keys.keys`,
  )
  expect(held).toEqual({ most: 1 })
  expect(await run(['verify', '--app', app], { env: world.env })).toMatchObject({ code: 0 })
  expect(await openAll()).toEqual(keys.map(({ opened }) => opened))
})

test('and on to a module of another make, with the same copies', async () => {
  const parameters = last.module.libraryParameters ?? ''
  const moved = await cli(
    'move',
    '--copies',
    copies,
    ...safeArgs(),
    ...to(last),
    '--to-parameters',
    parameters,
    '--new-signing-keys',
  )
  expect([moved.code, moved.told]).toEqual([0, expect.any(String)])
  expect(moved.said).toMatch(/open on "last" and on "next"/)
})
