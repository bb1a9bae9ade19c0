import { clientOf, startKeyServer } from '@strongroom/key-server/testing'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { environmentOf } from './app-world.ts'
import { run, scratch } from './command-line.ts'

const files = scratch()
let app: TestApp
const keys: { readonly id: string; readonly pin: string; readonly opened: string }[] = []

beforeAll(async () => {
  app = await startKeyServer()
  for (const pin of ['1234', '2345', '3456']) {
    const client = clientOf(app.baseUrls[0] ?? '')
    const id = await client.create(pin)
    keys.push({ id, pin, opened: (await client.open(id, pin)).text })
  }
})
afterAll(async () => {
  await app.stop()
  files[Symbol.dispose]()
})

const cli = (args: readonly string[], types?: readonly string[]) =>
  run([...args, '--app', 'key-server'], { env: environmentOf(app, files), ...(types && { types }) })
const documentOf = async (args: readonly string[]) => {
  const { code, said, told } = await cli([...args, '--json'])
  expect([code, told]).toEqual([0, expect.any(String)])
  return JSON.parse(said) as Record<string, unknown>
}

async function openAll(): Promise<readonly string[]> {
  const client = clientOf(app.baseUrls[0] ?? '')
  return Promise.all(keys.map(async ({ id, pin }) => (await client.open(id, pin)).text))
}

test('status tells keys, versions, who works with them, and that nothing was rewrapped', async () => {
  await expect.poll(async () => (await cli(['status'])).said).toMatch(/\| yes +\|/)
  const { code, said } = await cli(['status'])
  expect(code).toBe(0)
  expect(said).toMatch(/\| 1 +\| active \| key-server \| seal/)
  expect(said).toContain('Nothing was rewrapped to version 1 yet.')
})

test('nothing is rotated by a slip: the name of the app is typed, or --yes said', async () => {
  expect(await cli(['rotate'])).toMatchObject({ code: 2 })
  expect(await cli(['rotate'], ['yes'])).toMatchObject({ code: 1, told: expect.stringContaining('nothing was done') })
  expect(await documentOf(['status'])).toMatchObject({ status: { versions: [{ version: 1, state: 'active' }] } })
})

test('a new version is made, loaded and seals; every value is rewrapped to it; the old one is destroyed', async () => {
  const rotated = await cli(['rotate'], ['key-server'])
  expect([rotated.code, rotated.said]).toEqual([
    0,
    expect.stringMatching(/^Version 2 of the keys of key-server seals from now on/),
  ])

  const early = await cli(['destroy', '--version', '1', '--yes'])
  expect([early.code, early.told]).toEqual([
    1,
    expect.stringMatching(/is needed by \d+ rows: .*pin_keys\.keys\.envelope/),
  ])
  expect((await cli(['status'])).said).toMatch(/Version 1 is needed by \d+ rows/)

  const rewrapped = await cli(['rewrap'])
  expect([rewrapped.code, rewrapped.said]).toEqual([
    0,
    expect.stringMatching(/^Every declared value is sealed by version 2/),
  ])
  expect(rewrapped.told).toContain('rewrapping to version 2')
  expect(await cli(['verify'])).toMatchObject({ code: 0 })

  // What was sealed a moment ago may be on its way: a minute of rest.
  await app.sql(`update keystore.keys set retired_at = retired_at - interval '2 minutes' where state = 'retired'`)
  await expect.poll(async () => (await cli(['status'])).said).toMatch(/\| yes +\|/)
  await app.sql(`update keystore.rewraps set finished_at = finished_at - interval '2 minutes'`)
  await app.sql(`update keystore.replicas set since = since - interval '2 minutes'`)
  const destroyed = await cli(['destroy', '--version', '1'], ['key-server'])
  expect([destroyed.code, destroyed.told]).toEqual([0, expect.any(String)])
  expect(destroyed.said).toMatch(/"strongroom\/key-server\/seal\/v1" on "key-server" is destroyed/)
  expect(await openAll()).toEqual(keys.map(({ opened }) => opened))
  expect(await cli(['verify'])).toMatchObject({ code: 0 })
  expect(await cli(['doctor'])).toMatchObject({ code: 0 })
}, 300_000)

test('a version that there is not, and one that seals, are not destroyed', async () => {
  expect(await cli(['destroy', '--version', '7', '--yes'])).toMatchObject({ code: 1 })
  expect(await cli(['destroy', '--version', '2', '--yes'])).toMatchObject({ code: 1 })
  expect(await cli(['destroy', '--version', 'old', '--yes'])).toMatchObject({ code: 2 })
})

test('a lock key has versions of its own: status tells who still needs the old one, and while anybody does it stays', async () => {
  expect(await cli(['rotate', '--mac', 'lock'])).toMatchObject({ code: 2 })
  expect(await documentOf(['rotate', '--mac', 'lock', '--yes'])).toMatchObject({ mac: 'lock', version: 2 })
  const { said } = await cli(['status'])
  expect(said).toMatch(/\| lock +\| verify-only +\| 2 +\| active/)
  expect(said).toMatch(/\| lock +\| verify-only +\| 1 +\| retired +\| .*pin_keys\.keys\.envelope: 3 rows/)
  const early = await cli(['destroy', '--mac', 'lock', '--version', '1', '--yes'])
  expect(early).toMatchObject({ code: 1, told: expect.stringContaining('lock') })
  expect(await openAll()).toEqual(keys.map(({ opened }) => opened))
}, 300_000)

test('a use whose values are names is refused by name', async () => {
  const refused = await cli(['rotate', '--mac', 'time-lock', '--yes'])
  expect(refused).toMatchObject({ code: 1, told: expect.stringContaining('"time-lock"') })
  expect(await cli(['rotate', '--mac', 'nothing', '--yes'])).toMatchObject({ code: 1 })
  const pinned = await cli(['rotate', '--sign', 'audit', '--yes'])
  expect([pinned.code, pinned.told]).toEqual([
    1,
    expect.stringContaining('the signing key "audit" as they once saw it'),
  ])
  expect(await cli(['rotate', '--sign', 'audit', '--mac', 'lock', '--yes'])).toMatchObject({ code: 2 })
})
