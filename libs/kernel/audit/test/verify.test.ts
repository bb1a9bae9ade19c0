import { toHex } from '@strongroom/crypto'
import { type Query, sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FirstBad, type Head, linkEvents, verifyAudit } from '../src/index.ts'
import { type AuditToken, auditToken, type AuditWorld, auditWorld, memorySink, owner } from './world.ts'

let token: AuditToken
let otherToken: AuditToken
beforeAll(async () => {
  ;[token, otherToken] = await Promise.all([auditToken(), auditToken()])
})
afterAll(async () => {
  await Promise.all([token[Symbol.asyncDispose](), otherToken[Symbol.asyncDispose]()])
})

const away = () => Promise.reject(new Error('no HSM'))

/** Six entries, their ids 1 to 6, with heads at 3 and 6 in the database and in the sink. */
async function sixEntries() {
  const world = await auditWorld(token)
  await world.record('a', 'b', 'c')
  await world.sweep()
  await world.record('d', 'e', 'f')
  await world.settle()
  expect(await world.verify()).toMatchObject({ ok: true, entries: 6, lastHead: { position: 6 } })
  return world
}

const tamper = async ({ schemaOwner }: AuditWorld, ...statements: readonly Query[]) => {
  for (const statement of statements) await schemaOwner.run(statement)
}

const attacks: { name: string; statements: Query[]; firstBad: FirstBad }[] = [
  {
    name: 'a changed detail',
    statements: [sql`update audit.events set detail = '{"floor": 9}' where id in (2, 5)`],
    firstBad: { what: 'changed', position: 2, eventId: '2' },
  },
  {
    name: 'a changed number that a double cannot tell apart',
    statements: [sql`update audit.events set detail = '{"floor": 1.0000000000000000001}' where id = 4`],
    firstBad: { what: 'changed', position: 4, eventId: '4' },
  },
  {
    name: 'a time moved by a microsecond',
    statements: [sql`update audit.events set at = at + interval '1 microsecond' where id = 6`],
    firstBad: { what: 'changed', position: 6, eventId: '6' },
  },
  {
    name: 'a time moved to infinity',
    statements: [sql`update audit.events set at = 'infinity' where id = 6`],
    firstBad: { what: 'changed', position: 6, eventId: '6' },
  },
  {
    name: 'a removed entry',
    statements: [sql`delete from audit.events where id = 4`],
    firstBad: { what: 'removed', position: 4, eventId: '4' },
  },
  {
    name: 'a removed entry, and its link',
    statements: [sql`delete from audit.events where id = 4`, sql`delete from audit.links where event_id = 4`],
    firstBad: { what: 'removed', position: 4 },
  },
  {
    name: 'a removed entry, and the links after it moved up',
    statements: [
      sql`delete from audit.events where id = 4`,
      sql`delete from audit.links where event_id = 4`,
      sql`update audit.links set position = position - 1 where position = 5`,
      sql`update audit.links set position = position - 1 where position = 6`,
    ],
    firstBad: { what: 'changed', position: 4, eventId: '5' },
  },
  {
    name: 'two entries that changed places',
    statements: [
      sql`update audit.links set event_id = -1 where position = 2`,
      sql`update audit.links set event_id = 2 where position = 5`,
      sql`update audit.links set event_id = 5 where position = 2`,
    ],
    firstBad: { what: 'changed', position: 2, eventId: '5' },
  },
  {
    name: 'two entries whose ids changed places',
    statements: [
      sql`update audit.events set id = default where id = 2`,
      sql`update audit.events set id = default where id = 3`,
    ],
    firstBad: { what: 'removed', position: 2, eventId: '2' },
  },
  {
    name: 'an entry written behind the linking',
    statements: [
      sql`insert into audit.events (event, subject, xid) select 'door.opened', 'x', min(xid) from audit.events`,
    ],
    firstBad: { what: 'inserted', eventId: '7' },
  },
  {
    name: 'an entry hidden under a link below the first',
    statements: [
      sql`alter table audit.links drop constraint links_position_check`,
      sql`insert into audit.events (event, subject) values ('door.opened', 'x')`,
      sql`insert into audit.links select -1, max(id), sha256('') from audit.events`,
    ],
    firstBad: { what: 'inserted' },
  },
  {
    name: 'an entry that is there twice',
    statements: [
      sql`alter table audit.events drop constraint events_pkey`,
      sql`insert into audit.events (id, at, event, subject, detail) overriding system value
          select id, at, event, subject, detail from audit.events where id = 2`,
    ],
    firstBad: { what: 'inserted', position: 2, eventId: '2' },
  },
  {
    name: 'a tail cut off, with its head',
    statements: [
      sql`delete from audit.events where id > 4`,
      sql`delete from audit.links where position > 4`,
      sql`delete from audit.heads where position > 4`,
    ],
    firstBad: { what: 'rolled-back', position: 5, upTo: 6 },
  },
  {
    name: 'a database restored from before the second head',
    statements: [
      sql`delete from audit.events where id > 3`,
      sql`delete from audit.links where position > 3`,
      sql`delete from audit.heads where position > 3`,
    ],
    firstBad: { what: 'rolled-back', position: 4, upTo: 6 },
  },
  {
    name: 'everything gone',
    statements: [sql`delete from audit.events`, sql`delete from audit.links`, sql`delete from audit.heads`],
    firstBad: { what: 'rolled-back', position: 1, upTo: 3 },
  },
  {
    name: 'a head with another signature',
    statements: [sql`update audit.heads set signature = set_byte(signature, 9, 255 - get_byte(signature, 9))`],
    firstBad: { what: 'head-forged', position: 3 },
  },
  {
    name: 'a head with another time',
    statements: [sql`update audit.heads set at = at + interval '1 hour' where position = 6`],
    firstBad: { what: 'head-forged', position: 6 },
  },
  {
    name: 'a head that only the sink has',
    statements: [sql`delete from audit.heads where position = 3`],
    firstBad: { what: 'head-missing', position: 3 },
  },
]

test.concurrent.each(attacks)('$name: the first bad entry is named', async ({ statements, firstBad }) => {
  await using world = await sixEntries()
  await tamper(world, ...statements)
  expect(await world.verify()).toEqual({ ok: false, firstBad })
})

const cutFrom = (position: number) => [
  sql`delete from audit.links where position >= ${position}`,
  sql`delete from audit.heads where position >= ${position}`,
  sql`delete from audit.marks where position >= ${position}`,
]

describe('whoever has the database, and the HSM while inside', () => {
  test('changes an entry, links and signs anew: the sink’s heads say between which two', async () => {
    await using world = await sixEntries()
    const heads = [...world.memory.heads]
    await tamper(world, sql`update audit.events set subject = 'innocent' where id = 5`, ...cutFrom(4))
    expect(await world.sweep(memorySink('his own'))).toBe(3)
    const firstBad = { what: 'relinked', position: 4, upTo: 6 }
    expect(await world.verify({ heads })).toEqual({ ok: false, firstBad })
    // Without the sink nobody could tell.
    expect(await world.verify({ heads: [] })).toMatchObject({ ok: true })
  })

  test('sends his new head to the sink too: it holds both', async () => {
    await using world = await sixEntries()
    await tamper(world, sql`update audit.events set subject = 'innocent' where id = 5`, ...cutFrom(4))
    const his = memorySink('his own')
    await world.sweep(his)
    const heads = [...world.memory.heads, ...his.heads.filter(({ position }) => position === 6)]
    expect(await world.verify({ heads })).toMatchObject({ ok: false, firstBad: { what: 'relinked' } })
    expect(await world.verify({ heads: heads.toReversed() })).toMatchObject({
      ok: false,
      firstBad: { what: 'relinked' },
    })
  })

  test('restores yesterday’s database, which then grows past the sink’s last head', async () => {
    await using world = await sixEntries()
    const heads = [...world.memory.heads]
    await tamper(world, sql`delete from audit.events where id > 3`, ...cutFrom(4))
    await world.record('g', 'h', 'i', 'j')
    await world.sweep(memorySink('his own'))
    expect(await world.verify({ heads })).toEqual({ ok: false, firstBad: { what: 'relinked', position: 4, upTo: 6 } })
  })
})

test('without the HSM, a chain linked anew does not fit the heads that are left', async () => {
  await using world = await sixEntries()
  await tamper(world, sql`update audit.events set subject = 'innocent' where id = 2`, sql`delete from audit.links`)
  await tamper(world, sql`delete from audit.marks`)
  const hsm = { sign: away, publicKey: away }
  await linkEvents({ database: world.database, hsm, sink: world.memory, ...owner }).catch(() => undefined)
  expect(await world.links()).toHaveLength(6)
  expect(await world.verify({ heads: [] })).toEqual({ ok: false, firstBad: { what: 'relinked', position: 1, upTo: 3 } })
})

test('a head of another key, deployment or app is forged, in the sink and in the database', async () => {
  await using world = await sixEntries()
  const { database, memory } = world
  const asked = { statements: database, publicKeys: [token.publicKey], heads: memory.heads, ...owner }
  const forged = { ok: false, firstBad: { what: 'head-forged', position: 3 } }
  expect(await verifyAudit({ ...asked, publicKeys: [otherToken.publicKey] })).toEqual(forged)
  expect(await verifyAudit({ ...asked, publicKeys: [otherToken.publicKey, token.publicKey] })).toMatchObject({
    ok: true,
  })
  const [first, second] = memory.heads as [Head, Head]
  expect(await world.verify({ heads: [{ ...first, app: 'sss-lca' }, second] })).toEqual(forged)
  expect(await world.verify({ heads: [{ ...first, hash: toHex(new Uint8Array(32)) }, second] })).toEqual(forged)
  expect(await world.verify({ heads: [first, second, { ...second, position: 7 }] })).toEqual({
    ok: false,
    firstBad: { what: 'head-forged', position: 7 },
  })
})

test('another app’s chain, however well linked, is not this one', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  const other = { deployment: 'test', app: 'sss-lca' }
  await linkEvents({ database: world.database, hsm: token.hsm, sink: world.memory, ...other })
  expect(await world.verify()).toEqual({ ok: false, firstBad: { what: 'changed', position: 1, eventId: '1' } })
})

test('what waits for too long is bad: for a link, for a signature, for the sink', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  const unlinked = { what: 'unlinked-too-long', eventId: '1' }
  expect(await world.verify({ patience: 0 })).toEqual({ ok: false, firstBad: unlinked })
  const hsm = { sign: away, publicKey: away }
  await linkEvents({ database: world.database, hsm, sink: world.memory, ...owner }).catch(() => undefined)
  const unsigned = { what: 'unsigned-too-long', position: 1, eventId: '1' }
  expect(await world.verify({ patience: 0 })).toEqual({ ok: false, firstBad: unsigned })
  world.memory.state.fail = true
  await world.sweep().catch(() => undefined)
  expect(await world.verify({ patience: 0 })).toEqual({ ok: false, firstBad: { what: 'head-missing', position: 1 } })
  expect(await world.verify()).toMatchObject({ ok: true })
  world.memory.state.fail = false
  await world.sweep()
  expect(await world.verify({ patience: 0 })).toMatchObject({ ok: true })
})

test('an entry dated long before heads that do not cover it is inserted', async () => {
  await using world = await sixEntries()
  const backdate = sql`insert into audit.events (event, subject, at) values ('door.opened', 'x', strongroom.now() - interval '2 hours')`
  await world.database.run(backdate)
  await world.sweep()
  expect(await world.verify()).toEqual({ ok: false, firstBad: { what: 'inserted', position: 7, eventId: '7' } })
  expect(await world.verify({ late: 3 * 3600 })).toMatchObject({ ok: true, entries: 7 })
})

test('heads that two processes sent twice, or one late, are no fault', async () => {
  await using world = await sixEntries()
  const [first, second] = world.memory.heads as [Head, Head]
  expect(await world.verify({ heads: [first, first, second, first, second] })).toMatchObject({ ok: true })
})

test('an empty log is good', async () => {
  await using world = await auditWorld(token)
  expect(await world.verify({ patience: 0 })).toEqual({ ok: true, entries: 0, lastHead: undefined })
})
