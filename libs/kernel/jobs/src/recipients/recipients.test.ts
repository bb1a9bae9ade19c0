import { randomUUID } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { type Binding, type KeyRecord, type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { column, sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld, soon } from '../../test/jobs-world.ts'
import { retryParked } from '../count.ts'
import { mountWork } from '../mount.ts'
import { completionSweep } from './begin-completion.ts'
import { beginCompletion, completePage, type CompletionDeps, pageCompleter } from './complete-page.ts'
import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from './sealed-column.ts'

const tenant = { deployment: 'test', app: 'jobs' }
const needs = [{ job: 'seal', use: '' }] as const
const bind = (id: string): Binding => ({ table: 'vault', row: id, owner: id, purpose: 'value' })
const row = z.object({ id: z.uuid(), envelope: column.bytes })

let world: JobsWorld
let tokens: readonly [SoftToken, SoftToken]
let keys: readonly KeyRecord[]
let first: Keystore
let both: Keystore

const connection = (token: SoftToken) => ({ ...token, ...tenant })

beforeAll(async () => {
  world = await jobsWorld()
  await world.owner.run(sql`create table public.vault (id uuid primary key, envelope bytea not null)`)
  await world.owner.run(sql`grant select, insert, update, delete on public.vault to public`)
  tokens = [await softToken({ label: 'a' }), await softToken({ label: 'b' })]
  const [a, b] = tokens.map(connection) as [ReturnType<typeof connection>, ReturnType<typeof connection>]
  keys = await provisionKeys({ tokens: [a, b], needs, existing: [] })
  // It seals for both; that a token was away, `both` alone is to notice.
  first = await openKeystore({ tokens: [a], keys, probeIntervalMs: 3_600_000 })
  both = await openKeystore({ tokens: [a, b], keys, probeIntervalMs: 20, random: () => 0 })
})
afterAll(async () => {
  await Promise.all([first.close(), both.close()])
  await Promise.all(tokens.map((token) => token.remove()))
  await world[Symbol.asyncDispose]()
})
beforeEach(() => world.owner.run(sql`delete from public.vault`))

const vault: SealedColumn = {
  name: 'tests.vault',
  first: BEFORE_EVERY_UUID,
  pageSize: 10,
  rows: (statements) => countRows(statements, sql`public.vault`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      row,
      sql`select id, envelope from public.vault where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map((one) => ({ ...one, binding: bind(one.id) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`update public.vault set envelope = ${envelope} where id = ${id} and envelope = ${old}`)) ===
    1,
}

async function fill(rows: number): Promise<string[]> {
  const ids = Array.from({ length: rows }, () => randomUUID())
  for (const id of ids) {
    const envelope = await first.seal(new Secret(id), bind(id))
    await world.database.run(sql`insert into public.vault values (${id}, ${envelope})`)
  }
  return ids
}

const all = () => world.database.many(row, sql`select id, envelope from public.vault`)
const lacking = async () => (await all()).filter(({ envelope }) => both.lacksRecipients(envelope)).map(({ id }) => id)

function work(
  changes: Partial<CompletionDeps> = {},
  sweeps: Parameters<typeof mountWork<CompletionDeps>>[0]['sweeps'] = [],
) {
  const unopenable: string[] = []
  const deps: CompletionDeps = {
    database: world.database,
    hsm: both,
    columns: [vault],
    onUnopenable: ({ id }) => unopenable.push(id),
    ...changes,
  }
  const worker = world.work({ work: [mountWork({ jobs: [pageCompleter], sweeps, deps })] })
  onTestFinished(() => worker.stop())
  return { worker, unopenable }
}

const begin = () => beginCompletion(world.database, [vault])
const untilIdle = () =>
  expect.poll(() => world.countOf(completePage.name), soon).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })

test('every row of every page gets the recipients that it lacks, and opens as before', async () => {
  const ids = await fill(35)
  work()
  await begin()
  await untilIdle()
  expect(await lacking()).toEqual([])
  for (const { id, envelope } of await all())
    expect((await both.open(envelope, bind(id))).equals(new Secret(id))).toBe(true)
  expect(ids).toHaveLength(35)
})

test('begun twice one pass runs, and one that was cut short goes on where it was', async () => {
  await fill(25)
  await begin()
  await begin()
  expect(await world.countOf(completePage.name)).toMatchObject({ due: 1 })
  const seen: string[] = []
  const stopping = Promise.withResolvers<void>()
  const slow: SealedColumn = {
    ...vault,
    async page(statements, from) {
      seen.push(from.after)
      if (seen.length === 2) stopping.resolve()
      return vault.page(statements, from)
    },
  }
  const { worker } = work({ columns: [slow] })
  await stopping.promise
  await worker.stop()
  await begin()
  work({ columns: [slow] })
  await untilIdle()
  expect(await lacking()).toEqual([])
  expect(seen.filter((after) => after === BEFORE_EVERY_UUID)).toHaveLength(1)
})

test('a row that was changed meanwhile keeps its change', async () => {
  const [id = ''] = await fill(1)
  const changed = await first.seal(new Secret('changed'), bind(id))
  const overtaken: SealedColumn = {
    ...vault,
    async page(statements, from) {
      const rows = await vault.page(statements, from)
      if (from.after === BEFORE_EVERY_UUID) await statements.run(sql`update public.vault set envelope = ${changed}`)
      return rows
    },
  }
  work({ columns: [overtaken] })
  await begin()
  await untilIdle()
  expect((await all()).map(({ envelope }) => Buffer.from(envelope))).toEqual([Buffer.from(changed)])
})

test('rows that nobody opens are told by their ids, and no other waits for them', async () => {
  const ids = (await fill(12)).toSorted()
  const [altered = '', moved = ''] = ids
  await world.database.run(sql`update public.vault set envelope = '\\x0102'::bytea where id = ${altered}`)
  await world.database.run(
    sql`update public.vault set envelope = (select envelope from public.vault where id = ${ids[2]}) where id = ${moved}`,
  )
  const { unopenable } = work()
  await begin()
  await untilIdle()
  expect(unopenable.toSorted()).toEqual([altered, moved].toSorted())
  const others = (await all()).filter(({ id }) => id !== altered && id !== moved)
  expect(others.filter(({ envelope }) => both.lacksRecipients(envelope))).toEqual([])
})

test('a row whose only token is away waits for the next pass, and the others do not wait for it', async () => {
  const [id = ''] = await fill(1)
  await tokens[0].take()
  await expect.poll(() => both.tokens()[0]?.state).toBe('away')
  const held = randomUUID()
  const envelope = await both.seal(new Secret(held), bind(held))
  await world.database.run(sql`insert into public.vault values (${held}, ${envelope})`)
  work()
  await begin()
  await untilIdle()
  await tokens[0].bringBack()
  await expect.poll(() => both.tokens()[0]?.state, soon).toBe('healthy')
  expect((await lacking()).toSorted()).toEqual([id, held].toSorted())
  await begin()
  await untilIdle()
  expect(await lacking()).toEqual([])
})

test('while no token is there the page is tried again later', async () => {
  await fill(3)
  await Promise.all(tokens.map((token) => token.take()))
  await expect.poll(() => both.tokens().map(({ state }) => state)).toEqual(['away', 'away'])
  work()
  await begin()
  await expect.poll(() => world.countOf(completePage.name), soon).toMatchObject({ waiting: 1 })
  await Promise.all(tokens.map((token) => token.bringBack()))
  await expect.poll(() => both.tokens().map(({ state }) => state), soon).toEqual(['healthy', 'healthy'])
  await retryParked(world.database, completePage)
  await untilIdle()
  expect(await lacking()).toEqual([])
})

test('a pass begins at start, when a token comes back, and once a day; with one token never', async () => {
  await fill(1)
  let now = 0
  const begun: number[] = []
  const counting: SealedColumn = {
    ...vault,
    async page(statements, from) {
      if (from.after === BEFORE_EVERY_UUID) begun.push(now)
      return vault.page(statements, from)
    },
  }
  const deps = { database: world.database, hsm: both, columns: [counting], onUnopenable: () => undefined }
  work({ columns: [counting] })
  const sweeping = completionSweep(() => now)
  const look = async (hsm = both) => {
    await sweeping.run({ ...deps, hsm }, new AbortController().signal)
    await untilIdle()
  }
  await look(first)
  expect(begun).toEqual([])
  await look()
  await look()
  expect(begun).toEqual([0])
  await tokens[1].take()
  await expect.poll(() => both.tokens()[1]?.state).toBe('away')
  now = 1
  await look()
  expect(begun).toEqual([0])
  await tokens[1].bringBack()
  await expect.poll(() => both.tokens()[1]?.state, soon).toBe('healthy')
  await look()
  expect(begun).toEqual([0, 1])
  now = 86_400_002
  await look()
  expect(begun).toEqual([0, 1, 86_400_002])
})
