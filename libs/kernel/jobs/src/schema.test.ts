import { openDatabase, sql } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld } from '../test/jobs-world.ts'
import { areJobsMigrated, migrateJobs, SCHEMA_VERSION } from './schema.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('the schema is at the version that this library is written for', async () => {
  const { id } = await world.owner.one(
    z.object({ id: z.int() }),
    sql`select max(id) as id from graphile_worker.migrations`,
  )
  expect(id).toBe(SCHEMA_VERSION)
  expect(await areJobsMigrated(world.database)).toBe(true)
})

test('a database without it, behind it, or with a breaking migration beyond it is told', async () => {
  await using empty = await testDatabase({ template: 'empty', prepare: () => Promise.resolve() })
  const database = openDatabase({ connectionString: empty.url, connections: 1 })
  const owner = openDatabase({ connectionString: empty.adminUrl, connections: 1 })
  try {
    expect(await areJobsMigrated(database)).toBe(false)
    await Promise.all([migrateJobs(empty.adminUrl, empty.role), migrateJobs(empty.adminUrl, empty.role)])
    await migrateJobs(empty.adminUrl, empty.role)
    expect(await areJobsMigrated(database)).toBe(true)
    await owner.run(sql`insert into graphile_worker.migrations (id, breaking) values (1000, false)`)
    expect(await areJobsMigrated(database)).toBe(true)
    await owner.run(sql`update graphile_worker.migrations set breaking = true where id = 1000`)
    expect(await areJobsMigrated(database)).toBe(false)
    await owner.run(sql`delete from graphile_worker.migrations where id >= ${SCHEMA_VERSION}`)
    expect(await areJobsMigrated(database)).toBe(false)
  } finally {
    await Promise.all([database.close(), owner.close()])
  }
})

test.each([
  sql`drop schema graphile_worker cascade`,
  sql`drop table graphile_worker._private_jobs`,
  sql`alter table graphile_worker._private_jobs disable row level security`,
  sql`alter table graphile_worker._private_jobs add column secret text`,
  sql`truncate graphile_worker._private_jobs`,
  sql`drop policy strongroom_runtime on graphile_worker._private_jobs`,
  sql`create function graphile_worker.mine() returns int language sql return 1`,
  sql`create or replace function graphile_worker.force_unlock_workers(worker_ids text[]) returns void language sql as ''`,
  sql`insert into graphile_worker.migrations (id) values (999)`,
  sql`delete from graphile_worker._private_tasks`,
  sql`insert into graphile_worker._private_known_crontabs (identifier, known_since) values ('x', now())`,
])('the runtime role may not: $text', async (statement) => {
  await expect(world.database.run(statement)).rejects.toMatchObject({ code: '42501' })
})

test('what somebody granted beside is taken away again', async () => {
  const name = world.postgres.role
  const may = () =>
    world.owner.one(
      z.object({ may: z.boolean() }),
      sql`select has_table_privilege(${name}, 'graphile_worker.migrations', 'delete') as may`,
    )
  await world.owner.run(sql`select set_config('tests.role', ${name}, false)`)
  await world.owner.run(
    sql`do $do$ begin execute format('grant delete on graphile_worker.migrations to %I', current_setting('tests.role')); end $do$`,
  )
  expect(await may()).toEqual({ may: true })
  await migrateJobs(world.postgres.adminUrl, name)
  expect(await may()).toEqual({ may: false })
})
