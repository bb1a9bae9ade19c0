import { join } from 'node:path'
import { connect, identifier, type Connection } from '@strongroom/postgres'
import { credentialsOf, makePrivateDirectory, type Places } from './places.ts'
import { keptSecret, writePrivately } from './private-file.ts'

export interface AppDatabase {
  /** Logs in as a role that owns nothing. */
  readonly runtimeUrlFile: string
  /** Logs in as the owner of the database: for migrations. */
  readonly migratorUrlFile: string
  readonly runtimeRole: string
}

/** Gives each app a database of its own with an owner and a runtime role, and writes down how to log in as them. */
export async function provideDatabases(places: Places, { superuserUrl, apps }: DatabaseNeeds): Promise<AppDatabase[]> {
  const superuser = await connect(superuserUrl)
  try {
    const made: AppDatabase[] = []
    for (const app of apps) made.push(await provideDatabase(superuser, { places, superuserUrl, app }))
    return made
  } finally {
    await superuser.end()
  }
}

interface DatabaseNeeds {
  readonly superuserUrl: string
  readonly apps: readonly string[]
}

async function provideDatabase(superuser: Connection, { places, superuserUrl, app }: Need): Promise<AppDatabase> {
  const directory = makePrivateDirectory(credentialsOf(places, app))
  const name = identifier(app.replaceAll('-', '_'))
  const [migrator, runtime] = [`${name}_migrator`, `${name}_runtime`]
  const passwords = [migrator, runtime].map((role) => [role, keptSecret(join(directory, `${role}.password`))] as const)
  for (const [role, password] of passwords) {
    if (!(await exists(superuser, { table: 'pg_roles', column: 'rolname', name: role })))
      await superuser.query(`create role ${role}`)
    await superuser.query(`alter role ${role} login password '${password}'`)
  }
  if (!(await exists(superuser, { table: 'pg_database', column: 'datname', name })))
    await superuser.query(`create database ${name} owner ${migrator}`)
  await superuser.query(`revoke all on database ${name} from public`)
  await superuser.query(`grant connect on database ${name} to ${runtime}`)
  const urlFiles = passwords.map(([role, password]) => {
    const url = Object.assign(new URL(superuserUrl), { username: role, password, pathname: `/${name}` })
    const file = join(directory, `${role}.url`)
    writePrivately(file, url.href)
    return file
  })
  const [migratorUrlFile = '', runtimeUrlFile = ''] = urlFiles
  return { runtimeUrlFile, migratorUrlFile, runtimeRole: runtime }
}

interface Need {
  readonly places: Places
  readonly superuserUrl: string
  readonly app: string
}

interface CatalogEntry {
  readonly table: 'pg_roles' | 'pg_database'
  readonly column: 'rolname' | 'datname'
  readonly name: string
}

const exists = async (superuser: Connection, { table, column, name }: CatalogEntry): Promise<boolean> =>
  (await superuser.query(`select from ${table} where ${column} = $1`, [name])).length > 0
