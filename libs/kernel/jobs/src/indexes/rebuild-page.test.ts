import { randomUUID } from 'node:crypto'
import { Secret, toUtf8 } from '@strongroom/crypto'
import {
  type Binding,
  type KeyRecord,
  type Keystore,
  openKeystore,
  provisionKeys,
  publishMacKey,
} from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { column, sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld, soon } from '../../test/jobs-world.ts'
import { mountWork } from '../mount.ts'
import { BEFORE_EVERY_UUID, countRows } from '../recipients/sealed-column.ts'
import { type MacColumn, macColumn } from './mac-column.ts'
import { indexRebuilder, rebuildPage, type RebuildDeps, rebuildSweep } from './rebuild-page.ts'

const tenant = { deployment: 'test', app: 'jobs' }
const needs = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'name' },
] as const
const bind = (id: string): Binding => ({ table: 'people', row: id, owner: id, purpose: 'name' })
const row = z.object({ id: z.uuid(), envelope: column.bytes, index: column.bytes, version: z.int() })

let world: JobsWorld
let token: SoftToken
let old: Keystore
let fresh: Keystore

beforeAll(async () => {
  world = await jobsWorld()
  await world.owner.run(
    sql`create table public.people (id uuid primary key, envelope bytea not null, index bytea not null, version int not null)`,
  )
  await world.owner.run(sql`grant select, insert, update, delete on public.people to public`)
  token = await softToken()
  const place = { ...token, ...tenant }
  const keys: readonly KeyRecord[] = await provisionKeys({ ...place, needs, existing: [] })
  old = await openKeystore({ ...place, keys })
  const made = await publishMacKey({ tokens: [place], existing: keys, use: 'name', version: 2 })
  const rotated = [
    ...keys.map((key) => (key.use === 'name' ? { ...key, state: 'retired' as const } : key)),
    ...made.map((key) => ({ ...key, state: 'active' as const })),
  ]
  fresh = await openKeystore({ ...place, keys: rotated })
})
afterAll(async () => {
  await Promise.all([old.close(), fresh.close()])
  await token.remove()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => world.owner.run(sql`delete from public.people`))

const people = macColumn<z.output<typeof row>>({
  name: 'tests.people',
  use: 'name',
  first: BEFORE_EVERY_UUID,
  rows: (statements, version) => countRows(statements, sql`public.people where version = ${version}`),
  page: (statements, { after, limit, except }) =>
    statements.many(
      row,
      sql`select id, envelope, index, version from public.people
           where version <> ${except} and id > ${after}::uuid order by id limit ${Math.min(limit, 10)}`,
    ),
  idOf: ({ id }) => id,
  async rebuild({ database, hsm }, { id, envelope, index }) {
    const opened = await hsm.open(envelope, bind(id))
    const made = (await hsm.macs('name', opened.expose())).find(({ isCurrent }) => isCurrent)
    await database.run(sql`
      update public.people set index = ${made?.mac ?? index}, version = ${made?.version ?? 0}
       where id = ${id} and index = ${index}`)
  },
})

async function fill(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  for (const id of ids) {
    const [envelope, index] = [await old.seal(new Secret(id), bind(id)), await old.mac('name', toUtf8(id))]
    await world.database.run(sql`insert into public.people values (${id}, ${envelope}, ${index}, 1)`)
  }
  return ids
}

function work(indexes: readonly MacColumn[] = [people]) {
  const unopenable: string[] = []
  const onUnopenable: RebuildDeps['onUnopenable'] = ({ id }) => void unopenable.push(id)
  const deps: RebuildDeps = { database: world.database, hsm: fresh, indexes, onUnopenable }
  const worker = world.work({ work: [mountWork({ jobs: [indexRebuilder], sweeps: [], deps })] })
  onTestFinished(() => worker.stop())
  const begin = () => rebuildSweep().run(deps, new AbortController().signal)
  return { worker, unopenable, begin }
}

const untilIdle = () =>
  expect.poll(() => world.countOf(rebuildPage.name), soon).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })

test('every row of every page is found by the newest version; then nothing is begun', async () => {
  const ids = await fill(35)
  const { begin } = work()
  await begin()
  await untilIdle()
  const rows = await world.database.many(row, sql`select * from public.people`)
  expect(new Set(rows.map(({ version }) => version))).toEqual(new Set([2]))
  for (const { id, index } of rows) expect(Buffer.from(index)).toEqual(Buffer.from(await fresh.mac('name', toUtf8(id))))
  expect(rows).toHaveLength(ids.length)
  await begin()
  expect(await world.countOf(rebuildPage.name)).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })
})

test('a pass that was cut short goes on; a row that was changed meanwhile keeps its change until the next one', async () => {
  const [changed = ''] = (await fill(25)).toSorted()
  const stopping = Promise.withResolvers<void>()
  const mine = await old.mac('name', toUtf8('mine'))
  let pages = 0
  const overtaken: MacColumn = {
    ...people,
    async page(statements, from) {
      const rows = await people.page(statements, from)
      if (from.limit > 1 && ++pages === 1)
        await world.database.run(sql`update public.people set index = ${mine} where id = ${changed}`)
      if (pages === 2) stopping.resolve()
      return rows
    },
  }
  const first = work([overtaken])
  await first.begin()
  await stopping.promise
  await first.worker.stop()
  const indexOf = () => world.database.one(row, sql`select * from public.people where id = ${changed}`)
  expect(await indexOf()).toMatchObject({ version: 1 })
  const second = work()
  await untilIdle()
  await second.begin()
  await untilIdle()
  expect(await people.rows(world.database, 1)).toBe(0)
  expect(await people.rows(world.database, 2)).toBe(25)
})

test('rows that nobody opens are told by their ids, and keep the others waiting for nothing', async () => {
  const [altered = ''] = (await fill(12)).toSorted()
  await world.database.run(sql`update public.people set envelope = '\\x0102'::bytea where id = ${altered}`)
  const { begin, unopenable } = work()
  await begin()
  await untilIdle()
  expect(unopenable).toEqual([altered])
  expect(await people.rows(world.database, 1)).toBe(1)
})
