import { randomBytes } from 'node:crypto'
import { connect, identifier, type Connection } from '@strongroom/postgres'
import { inject } from 'vitest'
import { onceFree } from './in-use.ts'
import { asRole, rolesOf, type Roles } from './roles.ts'
import { provideTemplate } from './template.ts'

export interface DatabaseTemplate {
  /** Names what `prepare` makes, its version included (a hash of the migrations): equal names share one template. */
  readonly template: string
  /** Runs once a cluster, as the owner. Grants meant for the app go to `runtimeRole`, of which `url` logs in as a member. */
  readonly prepare: (url: string, runtimeRole: string) => Promise<void>
}

export interface TestDatabase extends AsyncDisposable {
  /** Logs in as the owner of the database and of all that `prepare` made: what migrations run as. Not a superuser. */
  readonly adminUrl: string
  /** Logs in as a role of this database alone that owns nothing: what an app runs as. */
  readonly url: string
  readonly name: string
  /** The role that `url` logs in as. */
  readonly role: string
  readonly drop: () => Promise<void>
}

/** A database for one test file: a copy of a template (70 ms), dropped with its role by `drop` whoever is connected. */
export async function testDatabase(wanted: DatabaseTemplate): Promise<TestDatabase> {
  const superuserUrl = inject('postgres')
  const superuser = await connect(superuserUrl)
  try {
    const roles = rolesOf(superuserUrl, wanted.template)
    const template = await provideTemplate(superuser, { ...wanted, superuserUrl, roles })
    return await cloneTemplate(superuser, { superuserUrl, template, roles })
  } finally {
    await superuser.end()
  }
}

interface Source {
  readonly superuserUrl: string
  readonly template: string
  readonly roles: Roles
}

async function cloneTemplate(superuser: Connection, { superuserUrl, template, roles }: Source): Promise<TestDatabase> {
  const name = identifier(`test_${randomBytes(8).toString('hex')}`)
  const runtime = { name: `${name}_app`, password: randomBytes(18).toString('base64url') }
  await onceFree(() => superuser.query(`create database ${name} template ${template} owner ${roles.owner.name}`))
  await superuser.query(`create role ${runtime.name} login password '${runtime.password}' in role ${roles.runtime}`)
  await superuser.query(`revoke all on database ${name} from public`)
  await superuser.query(`grant connect on database ${name} to ${runtime.name}`)
  const drop = () => dropDatabase(superuserUrl, { name, role: runtime.name })
  return {
    adminUrl: asRole(superuserUrl, { ...roles.owner, database: name }),
    url: asRole(superuserUrl, { ...runtime, database: name }),
    name,
    role: runtime.name,
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

async function dropDatabase(superuserUrl: string, { name, role }: { name: string; role: string }): Promise<void> {
  const superuser = await connect(superuserUrl)
  try {
    await onceFree(() => superuser.query(`drop database if exists ${name} with (force)`))
    await superuser.query(`drop role if exists ${role}`)
  } finally {
    await superuser.end()
  }
}
