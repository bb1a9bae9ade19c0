import { sql, type Statements } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Head, verifyAudit } from '../src/index.ts'
import { type AuditToken, auditToken, auditWorld, owner } from './world.ts'

let token: AuditToken
beforeAll(async () => {
  token = await auditToken()
})
afterAll(() => token[Symbol.asyncDispose]())

test('a log that is written while it is verified is good, over many batches', async () => {
  await using world = await auditWorld(token)
  await world.database.run(sql`
    insert into audit.events (event, subject) select 'door.opened', n::text from generate_series(1, 9000) as n`)
  await world.sweep()
  async function* growing() {
    for (let sent = 0; sent < 5; sent++) {
      yield world.memory.heads[sent] as Head
      await world.record(`while verifying ${String(sent)}`)
      await world.sweep()
    }
  }
  const verdict = await verifyAudit({
    statements: world.database.reading,
    publicKeys: [token.publicKey],
    heads: growing(),
    ...owner,
  })
  expect(verdict).toMatchObject({ ok: true, lastHead: { position: 9004 } })
})

test.each([{ subjects: [] }, { subjects: ['a', 'b'] }])(
  'a log that grows just when its end was read is good: $subjects',
  async ({ subjects }) => {
    await using world = await auditWorld(token)
    await world.record(...subjects)
    await world.sweep()
    const { reading } = world.database
    let grown = 0
    const many: Statements['many'] = async (row, query) => {
      const rows = await reading.many(row, query)
      if (!query.text.includes('audit.links') || rows.length > 0 || grown++ > 2) return rows
      await world.record('just now')
      await world.sweep()
      return rows
    }
    const statements = { ...reading, many }
    const asked = { statements, publicKeys: [token.publicKey], heads: world.memory.heads, ...owner }
    expect(await verifyAudit(asked)).toMatchObject({ ok: true })
    expect(grown).toBeGreaterThan(2)
  },
)
