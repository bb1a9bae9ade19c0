import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from '@strongroom/postgres'
import { asRole, type Roles } from './roles.ts'

interface TemplateRequest {
  readonly superuserUrl: string
  readonly roles: Roles
  readonly prepare: (url: string, runtimeRole: string) => Promise<void>
}

/** Makes the template unless another test file of the run has. One at a time; a half made one is made anew. */
export async function provideTemplate(superuser: Connection, request: TemplateRequest): Promise<string> {
  const { template } = request.roles
  const lock = [`strongroom test template ${template}`]
  await superuser.query('select pg_advisory_lock(hashtextextended($1, 0))', lock)
  try {
    const finished = 'select from pg_database where datname = $1 and datistemplate'
    if ((await superuser.query(finished, [template])).length === 0) await makeTemplate(superuser, request)
    return template
  } finally {
    await superuser.query('select pg_advisory_unlock(hashtextextended($1, 0))', lock)
  }
}

async function makeTemplate(superuser: Connection, { superuserUrl, roles, prepare }: TemplateRequest): Promise<void> {
  const { template, owner, runtime } = roles
  await superuser.query(`drop database if exists ${template} with (force)`)
  await makeRole(superuser, `${owner.name} login password '${owner.password}'`)
  await makeRole(superuser, `${runtime} nologin`)
  await superuser.query(`create database ${template} owner ${owner.name}`)
  await superuser.query(`revoke all on database ${template} from public`)
  await prepare(asRole(superuserUrl, { ...owner, database: template }), runtime)
  await superuser.query(`alter database ${template} allow_connections false`)
  await untilLeft(superuser, template)
  await superuser.query(`alter database ${template} is_template true`)
}

const TRIES = 100

/**
 * Nobody can be connected to a database that is copied. A pool that `prepare` closed says goodbye a moment later; sent away
 * before, it would end the test run with an error that nobody listens to. One that was left open is sent away.
 */
async function untilLeft(superuser: Connection, template: string): Promise<void> {
  const connected = 'from pg_stat_activity where datname = $1'
  for (let tries = 0; tries < TRIES; tries++) {
    if ((await superuser.query(`select ${connected}`, [template])).length === 0) return
    await pause(20)
  }
  await superuser.query(`select pg_terminate_backend(pid, 5000) ${connected}`, [template])
}

async function makeRole(superuser: Connection, definition: string): Promise<void> {
  const [name = ''] = definition.split(' ')
  const known = await superuser.query('select from pg_roles where rolname = $1', [name])
  if (known.length === 0) await superuser.query(`create role ${definition}`)
}
