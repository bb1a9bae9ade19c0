import { HsmUnavailable } from '@strongroom/hsm'
import { type Database, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { linkEvents, recordEvent } from '../src/index.ts'
import { type AuditToken, auditToken, type AuditWorld, auditWorld, doorOpened, memorySink, owner } from './world.ts'

let token: AuditToken
beforeAll(async () => {
  token = await auditToken()
})
afterAll(() => token[Symbol.asyncDispose]())

/** A transaction that has written its event, and commits when told. */
async function holdOpen({ database }: AuditWorld, subject: string) {
  const [written, end] = [Promise.withResolvers<void>(), Promise.withResolvers<'commit' | 'rollback'>()]
  const done = database
    .transaction(async (tx) => {
      // A slow machine needs longer for a few sweeps than a service may hold a transaction open.
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await recordEvent(tx, doorOpened, { subject, detail: { floor: 1 } })
      written.resolve()
      if ((await end.promise) === 'rollback') throw new Error('rolled back')
    })
    .catch(() => undefined)
  await written.promise
  return (how: 'commit' | 'rollback') => (end.resolve(how), done)
}

const away = () => Promise.reject(new HsmUnavailable('unplugged'))

const exactlyOnce = async ({ links, database }: AuditWorld) => {
  const found = await links()
  const { count } = await database.one(z.object({ count: z.int() }), sql`select count(*) from audit.events`)
  expect(found.map(({ position }) => position)).toEqual(found.map((_, index) => index + 1))
  expect(new Set(found.map(({ eventId }) => eventId)).size).toBe(count)
}

test('events are linked in order, once, and the head is signed and sent out', async () => {
  await using world = await auditWorld(token)
  await world.record('a', 'b')
  expect(await world.sweep()).toBe(2)
  await world.record('c')
  expect(await world.sweep()).toBe(1)
  expect(await world.subjects()).toEqual(['a', 'b', 'c'])
  expect(world.memory.heads.map(({ position }) => position)).toEqual([2, 3])
  expect(await world.verify()).toEqual({ ok: true, entries: 3, lastHead: world.memory.heads[1] })
})

test('a sweep that finds nothing asks the HSM for no signature and sends nothing', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  await world.sweep()
  const hsm = {
    publicKey: () => Promise.resolve(token.publicKey),
    sign: () => Promise.reject(new Error('asked to sign')),
  }
  expect(await linkEvents({ database: world.database, hsm, sink: world.memory, ...owner })).toBe(0)
  expect(world.memory.heads).toHaveLength(1)
})

test('an event of a transaction that stays open across sweeps is linked when it commits, and no other waits for it', async () => {
  await using world = await auditWorld(token)
  await world.record('before')
  const end = await holdOpen(world, 'late')
  const drop = await holdOpen(world, 'never')
  for (const subject of ['first', 'second']) {
    await world.record(subject)
    await world.sweep()
  }
  expect(await world.subjects()).toEqual(['before', 'first', 'second'])
  await drop('rollback')
  await world.record('third')
  await world.sweep()
  await end('commit')
  await world.record('fourth')
  expect(await world.sweep()).toBe(2)
  expect(await world.sweep()).toBe(0)
  expect((await world.subjects()).toSorted()).toEqual(['before', 'first', 'fourth', 'late', 'second', 'third'])
  await exactlyOnce(world)
  expect(await world.verify()).toMatchObject({ ok: true, entries: 6 })
})

test('an event whose id was taken long before its transaction could be seen is not skipped', async () => {
  await using world = await auditWorld(token)
  const { id } = await world.schemaOwner.one(
    z.object({ id: z.int() }),
    sql`select nextval('audit.events_id_seq')::bigint as id`,
  )
  await world.record('after')
  await world.sweep()
  await world.record('after that')
  await world.sweep()
  await world.database.run(sql`
    insert into audit.events (id, event, subject) overriding system value values (${id}, 'door.opened', 'early id')`)
  expect(await world.sweep()).toBe(1)
  await exactlyOnce(world)
})

test('under writers that commit out of order and several leaders at once, each event is linked once', async () => {
  await using world = await auditWorld(token)
  const writer = async (name: number) => {
    for (let i = 0; i < 15; i++) {
      const end = await holdOpen(world, `${String(name)}-${String(i)}`)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 8))
      await end(Math.random() < 0.2 ? 'rollback' : 'commit')
    }
  }
  const writing = Promise.all([1, 2, 3, 4, 5].map(writer))
  const stop = new AbortController()
  const leader = async () => {
    while (!stop.signal.aborted) await world.sweep()
  }
  const leading = Promise.all([leader(), leader(), leader()])
  await writing
  stop.abort()
  await leading
  await world.sweep()
  await exactlyOnce(world)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('whoever is kept out by another leader does not move the mark past what it never saw', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  await world.database.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('strongroom.audit.links', 0))`)
    expect(await world.sweep()).toBe(0)
  })
  expect(await world.sweep()).toBe(1)
})

test('a sweep looks at nothing twice once it has seen everything, and then writes no mark', async () => {
  await using world = await auditWorld(token)
  const marks = () => world.database.run(sql`select from audit.marks`)
  await world.record('a', 'b')
  await world.settle()
  const before = await marks()
  expect(before).toBeGreaterThan(0)
  await world.sweep()
  expect(await marks()).toBe(before)
})

test('a sweep that broke off goes on where it was, over batches', async () => {
  await using world = await auditWorld(token)
  await world.database.run(sql`
    insert into audit.events (event, subject) select 'door.opened', n::text from generate_series(1, 2500) as n`)
  let transactions = 0
  const failing: Database = {
    ...world.database,
    transaction: (work) => (++transactions === 2 ? Promise.reject(new Error('cut')) : world.database.transaction(work)),
  }
  await expect(linkEvents({ database: failing, hsm: token.hsm, sink: world.memory, ...owner })).rejects.toThrow('cut')
  expect(await world.links()).toHaveLength(1000)
  expect(await world.sweep()).toBe(1500)
  await exactlyOnce(world)
  expect(await world.verify()).toMatchObject({ ok: true, entries: 2500 })
})

test('in another cluster, where transaction ids begin anew, nothing is skipped', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  await world.settle()
  await world.schemaOwner.run(sql`update audit.marks set cluster = 'another', settled = '999999999999'`)
  await world.schemaOwner.run(sql`update audit.events set xid = '999999999998'`)
  await world.record('b')
  expect(await world.verify()).toMatchObject({ ok: true })
  expect(await world.sweep()).toBe(1)
  expect(await world.sweep()).toBe(0)
  await exactlyOnce(world)
})

test('without the HSM events are linked, and the head follows when it is back', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  const sweep = linkEvents({
    database: world.database,
    hsm: { sign: away, publicKey: away },
    sink: world.memory,
    ...owner,
  })
  await expect(sweep).rejects.toBeInstanceOf(HsmUnavailable)
  expect(await world.links()).toHaveLength(1)
  expect(await world.sweep()).toBe(0)
  expect(await world.verify()).toMatchObject({ ok: true, lastHead: { position: 1 } })
})

test('a wrong signature never gets out', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  const hsm = {
    publicKey: () => Promise.resolve(token.publicKey),
    sign: async (use: string, message: Uint8Array) => (await token.hsm.sign(use, message)).map((byte) => byte ^ 1),
  }
  await expect(linkEvents({ database: world.database, hsm, sink: world.memory, ...owner })).rejects.toThrow('verify')
  expect(world.memory.heads).toEqual([])
  expect(await world.database.run(sql`select from audit.heads`)).toBe(0)
})

test('no transaction is open while the HSM or a sink is asked', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  let open = 0
  const watched: Database = {
    ...world.database,
    transaction: (work) => {
      open++
      return world.database.transaction(work).finally(() => open--)
    },
  }
  const asked: number[] = []
  const memory = memorySink()
  await linkEvents({
    database: watched,
    hsm: {
      publicKey: (use) => (asked.push(open), token.hsm.publicKey(use)),
      sign: (use, message) => (asked.push(open), token.hsm.sign(use, message)),
    },
    sink: {
      targets: [{ name: 'm', send: (head) => (asked.push(open), memory.targets[0]?.send(head) ?? Promise.reject()) }],
    },
    ...owner,
  })
  expect(asked).toEqual([0, 0, 0])
})

test('the runtime role may insert and read, and change nothing', async () => {
  await using world = await auditWorld(token)
  await world.record('a')
  await world.sweep()
  const denied = { code: '42501' }
  await expect(world.database.run(sql`update audit.links set position = 2`)).rejects.toMatchObject(denied)
  await expect(world.database.run(sql`delete from audit.links`)).rejects.toMatchObject(denied)
  await expect(world.database.run(sql`update audit.marks set settled = '0'`)).rejects.toMatchObject(denied)
  await expect(world.database.run(sql`delete from audit.heads`)).rejects.toMatchObject(denied)
  await expect(world.database.run(sql`delete from audit.deliveries`)).rejects.toMatchObject(denied)
  await expect(world.database.run(sql`truncate audit.links, audit.marks, audit.heads`)).rejects.toMatchObject(denied)
})
