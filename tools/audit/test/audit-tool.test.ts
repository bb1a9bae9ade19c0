import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditKeyNeed, auditMigrations, fileSink, linkEvents, recordEvent, securityEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { type KeyRecord, type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { type Database, fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { runAudit } from '../src/index.ts'
import { readTokenKeys } from '../src/token-keys.ts'

const owner = { deployment: 'test', app: 'key-server' }
const sets = [storageMigrations, auditMigrations]
const doorOpened = securityEvent('door.opened', z.object({ floor: z.int() }))
let world: TestDatabase
let database: Database
let schemaOwner: Database
let token: SoftToken
let keys: readonly KeyRecord[]
let hsm: Keystore
let directory: string

beforeAll(async () => {
  token = await softToken()
  keys = await provisionKeys({ ...token, ...owner, needs: [auditKeyNeed], existing: [] })
  hsm = await openKeystore({ ...token, ...owner, keys })
})
afterAll(async () => {
  await hsm.close()
  await token.remove()
})

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'strongroom-audit-tool-'))
  world = await testDatabase({
    template: `audit_tool_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
  schemaOwner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  writeFileSync(join(directory, 'url'), `${world.url}\n`)
  writeFileSync(join(directory, 'keys'), `# key-server\n${toHex(await hsm.publicKey('audit'))}\n`)
  for (const floor of [1, 2, 3]) await recordEvent(database, doorOpened, { subject: 'door-7', detail: { floor } })
  await linkEvents({ database, hsm, sink: fileSink(join(directory, 'heads')), ...owner })
  return async () => {
    await Promise.all([database.close(), schemaOwner.close()])
    await world.drop()
    rmSync(directory, { recursive: true })
  }
})

async function run(...argv: string[]) {
  const [said, complained]: string[][] = [[], []]
  const code = await runAudit(argv, { say: (line) => said?.push(line), complain: (line) => complained?.push(line) })
  return { code, said: said?.join('\n'), complained: complained?.join('\n') }
}
const at = (name: string) => join(directory, name)
const verify = (...more: string[]) => {
  const places = ['--database-url-file', at('url'), '--public-key-file', at('keys'), '--sink', `file:${at('heads')}`]
  return run('verify', '--deployment', 'test', ...places, ...more)
}

test('a good log: exit code 0, and what the verdict rests on', async () => {
  const { code, said } = await verify()
  expect(code).toBe(0)
  expect(said).toMatch(/^Fine: 3 entries of key-server are linked and unchanged; .* covers 3 of them\.$/)
})

test('a changed entry: exit code 1, and which it is, in words or as JSON', async () => {
  await schemaOwner.run(sql`update audit.events set subject = 'door-8' where id = 2`)
  const { code, said } = await verify()
  expect(code).toBe(1)
  expect(said).toContain('BAD: changed, entry 2 (event 2).')
  const json = await verify('--json')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.said ?? '')).toEqual({
    ok: false,
    firstBad: { what: 'changed', position: 2, eventId: '2' },
  })
})

test('a database that was rolled back: exit code 1', async () => {
  for (const table of ['heads', 'links', 'events'])
    await schemaOwner.run({ ...sql``, text: `delete from audit.${table}` })
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('rolled-back') as string })
})

test('a key that is not the pinned one: exit code 1', async () => {
  const other = await softToken()
  const records = await provisionKeys({ ...other, ...owner, needs: [auditKeyNeed], existing: [] })
  const theirs = await openKeystore({ ...other, ...owner, keys: records })
  writeFileSync(join(directory, 'keys'), toHex(await theirs.publicKey('audit')))
  await theirs.close()
  await other.remove()
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('head-forged') as string })
})

test.each([
  { argv: [], told: 'Say what to do' },
  { argv: ['verify', 'everything'], told: 'Say what to do' },
  { argv: ['verify', '--no-such'], told: 'no-such' },
  { argv: ['verify', '--sink', 'syslog://host:1'], told: 'read from a file' },
  { argv: ['verify', '--database-url-file', '/x'], told: 'proves nothing' },
])('$argv is wrong usage: exit code 2', async ({ argv, told }) => {
  const { code, complained } = await run(...argv)
  expect(code).toBe(2)
  expect(complained).toContain(told)
  expect(complained).toContain('Usage:')
})

test('where nothing can be verified the exit code is 2: no sink, no key, no database', async () => {
  const nothing = { code: 2, complained: expect.stringContaining('Nothing was verified') as string }
  rmSync(join(directory, 'heads'))
  expect(await verify()).toMatchObject(nothing)
  writeFileSync(join(directory, 'heads'), '')
  writeFileSync(join(directory, 'keys'), '# none\n')
  expect(await verify()).toMatchObject(nothing)
  writeFileSync(join(directory, 'keys'), `${'04'.repeat(65)}\n`)
  expect(await verify()).toMatchObject(nothing)
  writeFileSync(join(directory, 'url'), 'postgres://a:b@127.0.0.1:1/c')
  expect(await verify()).toMatchObject(nothing)
})

test('keys are the token’s: a database that names another key is refused', async () => {
  const pinFile = join(directory, 'pin')
  writeFileSync(pinFile, token.pin.expose())
  if (typeof token.module === 'string') throw new Error('a soft token has a module of its own')
  const softhsmConf = token.module.environment?.['SOFTHSM2_CONF'] ?? ''
  const place = { module: token.module.path, token: { label: token.tokenLabel, pinFile, softhsmConf }, ...owner }
  const [record] = keys as [KeyRecord]
  const naming = (changed: Partial<KeyRecord>) => ({
    ...database,
    many: (row: z.ZodType) => Promise.resolve([row.parse({ ...record, ...changed })] as never),
  })
  expect(await readTokenKeys(naming({}), place)).toEqual([await hsm.publicKey('audit')])
  await expect(readTokenKeys(naming({ label: 'strongroom/key-server/seal/v1' }), place)).rejects.toThrow('another key')
  await expect(readTokenKeys(naming({ checkValue: new Uint8Array(32) }), place)).rejects.toThrow('not the recorded one')
})
