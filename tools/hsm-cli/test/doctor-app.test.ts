import { sql } from '@strongroom/storage'
import pkcs11js from 'pkcs11js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Examination } from '../src/doctor/examine.ts'
import { type AppWorld, appWorld } from './app-world.ts'
import { run } from './command-line.ts'
import { makeSealKey } from './raw-token.ts'

let world: AppWorld
beforeAll(async () => {
  world = await appWorld('key-server')
  await world.provision()
})
afterAll(() => world[Symbol.asyncDispose]())

async function doctor(changes: NodeJS.ProcessEnv = {}) {
  const { code, said, told } = await run(['doctor', '--app', 'key-server', '--json'], {
    env: { ...world.env, ...changes },
  })
  const { modules } = JSON.parse(said === '' ? '{"modules":[]}' : said) as { modules: readonly Examination[] }
  const mended = modules.flatMap(({ findings }) => findings.filter(({ level }) => level === 'mend'))
  return { code, told, modules, mended }
}

test('its own token and its recovery token are looked at, with every recorded key', async () => {
  const { code, modules, mended } = await doctor()
  expect([code, mended]).toEqual([0, []])
  expect(modules.map(({ name }) => name)).toEqual([
    'key-server, token "key-server"',
    'key-server, token "key-server-recovery"',
  ])
  const [own, recovery] = modules
  expect(own?.keys.length).toBeGreaterThan(5)
  expect(own?.keys.filter(({ refusal }) => refusal !== undefined)).toEqual([])
  expect(recovery?.keys.map(({ job }) => job)).toEqual(['recover'])
  expect(modules.every(({ apps }) => apps.every(({ runs }) => runs))).toBe(true)
})

test('a wrong PIN is tried once, and remembered where the app remembers it', async () => {
  const wrong = { HSM_PIN_FILE: world.file('wrong-pin', 'not-the-pin') }
  expect((await doctor(wrong)).mended.map(({ what }) => what)).toEqual(['pin-refused'])
  expect((await doctor(wrong)).mended.map(({ what }) => what)).toEqual(['pin-latched'])
  await world.database.run(sql`delete from keystore.refused_pins`)
  await expect(doctor()).resolves.toMatchObject({ code: 0 })
})

describe('keys that are not as they should be', () => {
  /** Has the record of the seal key name another key while the test runs. */
  async function sealKeyIs(label: string) {
    await world.database.run(sql`update keystore.keys set label = ${label} where job = 'seal'`)
    onTestFinished(async () => {
      await world.database.run(sql`update keystore.keys set label = 'strongroom/key-server/seal/v1' where job = 'seal'`)
    })
    return doctor()
  }

  test('missing', async () => {
    const { code, mended } = await sealKeyIs('gone')
    expect([code, mended]).toMatchObject([
      1,
      [
        {
          what: 'key-missing',
          says: 'The token does not hold the key "gone".',
          remedy: expect.stringMatching(/^Restore the token/),
        },
      ],
    ])
  })

  test('too weak', async () => {
    makeSealKey(world.token, 'weak', [{ type: pkcs11js.CKA_VALUE_LEN, value: 16 }])
    const { code, mended } = await sealKeyIs('weak')
    expect([code, mended]).toMatchObject([
      1,
      [{ what: 'key-unfit', says: expect.stringMatching(/"weak" has another valueLength than a seal key must have/) }],
    ])
  })

  test('with more usages than its job', async () => {
    makeSealKey(world.token, 'busy', [{ type: pkcs11js.CKA_WRAP, value: true }])
    const { code, mended } = await sealKeyIs('busy')
    expect([code, mended]).toMatchObject([
      1,
      [{ what: 'key-unfit', says: expect.stringMatching(/"busy" has another wrap than a seal key must have/) }],
    ])
  })
})

test('a database that was never provisioned, and one that is not there', async () => {
  await using empty = await appWorld('key-server')
  expect(await run(['doctor', '--app', 'key-server'], { env: empty.env })).toMatchObject({
    code: 1,
    told: expect.stringContaining('never provisioned'),
  })
  const { code, told } = await doctor({ DATABASE_URL_FILE: world.file('nowhere', 'postgres://a:secret@127.0.0.1:1/x') })
  expect([code, told]).toEqual([1, expect.stringMatching(/^the database does not answer: /)])
  expect(told).not.toContain('secret')
})
