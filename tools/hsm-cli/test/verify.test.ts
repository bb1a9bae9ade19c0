import { clientOf, startKeyServer } from '@strongroom/key-server/testing'
import { secondToken, type SecondToken, type TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { ColumnVerdict } from '../src/verify/verify-columns.ts'
import { environmentOf } from './app-world.ts'
import { run, scratch } from './command-line.ts'

const files = scratch()
let app: TestApp
let second: SecondToken
const ids: string[] = []

beforeAll(async () => {
  second = await secondToken('key-server-2')
  app = await startKeyServer({ settings: second.settings })
  for (const pin of ['1234', '2345', '3456']) ids.push(await clientOf(app.baseUrls[0] ?? '').create(pin))
})
afterAll(async () => {
  await app.stop()
  await second[Symbol.asyncDispose]()
  files[Symbol.dispose]()
})

async function verify() {
  const env = { ...environmentOf(app, files), ...second.settings }
  const { code, said, told } = await run(['verify', '--app', 'key-server', '--json'], { env })
  const { columns } = JSON.parse(said) as { columns: readonly ColumnVerdict[] }
  return { code, told, keys: columns.find(({ column }) => column === 'pin-keys.keys'), columns }
}

/** Runs SQL while the test runs, and puts the rows back. */
async function alter(change: string): Promise<void> {
  await app.sql('create table public.kept as select id, envelope from pin_keys.keys')
  onTestFinished(async () => {
    await app.sql('update pin_keys.keys k set envelope = o.envelope from public.kept o where o.id = k.id')
    await app.sql('drop table public.kept')
  })
  await app.sql(change)
}

test('every value opens, on both tokens', async () => {
  const { code, keys, columns, told } = await verify()
  expect(code).toBe(0)
  expect(keys).toEqual({ column: 'pin-keys.keys', rows: 3, whole: 3, incomplete: 0, broken: [] })
  expect(columns.map(({ column }) => column)).toContain('keystore.recovery_key')
  expect(told).toMatch(/\d+ rows were opened/)
})

test('values that were swapped do not open, and are named by column and id', async () => {
  const [one = '', other = ''] = ids
  await alter(`update pin_keys.keys k set envelope = o.envelope from public.kept o
                where k.id in ('${one}', '${other}') and o.id in ('${one}', '${other}') and o.id <> k.id`)
  const { code, keys } = await verify()
  expect([code, keys?.whole]).toEqual([1, 1])
  const named = keys?.broken.map(({ id, fault }) => `${id}: ${fault}`).toSorted()
  expect(named).toEqual([one, other].toSorted().map((id) => `${id}: opens nowhere`))
})

test('one altered recipient is found although another one opens', async () => {
  const [one = ''] = ids
  // The last byte of the second recipient's sealed payload: four bytes of an empty body stand behind it.
  await alter(`update pin_keys.keys
                  set envelope = set_byte(envelope, length(envelope) - 5, get_byte(envelope, length(envelope) - 5) # 1)
                where id = '${one}'`)
  const { code, keys } = await verify()
  expect([code, keys?.broken.map(({ id, fault }) => ({ id, fault }))]).toEqual([1, [{ id: one, fault: 'altered' }]])
})

test('what is no envelope at all is named too', async () => {
  const [one = ''] = ids
  await alter(`update pin_keys.keys set envelope = '\\xdeadbeef' where id = '${one}'`)
  expect((await verify()).keys?.broken).toEqual([{ id: one, fault: 'no envelope', tokens: [] }])
})

test('a report for people prints no value', async () => {
  const env = { ...environmentOf(app, files), ...second.settings }
  const { code, said } = await run(['verify', '--app', 'key-server'], { env })
  expect([code, said]).toEqual([
    0,
    expect.stringMatching(/^# Sealed values of key-server\n\n\*\*Every value opens\.\*\*/),
  ])
})
