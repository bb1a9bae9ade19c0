import { randomBytes } from 'node:crypto'
import { connect, identifier, type Connection } from '@strongroom/postgres'
import { inject } from 'vitest'
import type { TestDatabase } from './database.ts'
import { onceFree } from './in-use.ts'

/** A database as it was at one moment, which can be put in the place of what it became. */
export interface KeptCopy extends AsyncDisposable {
  restore(): Promise<void>
}

/** As a backup would keep it. Whoever is connected to the database is sent away, now and when it is restored. */
export async function keepCopy(database: Pick<TestDatabase, 'name' | 'role'>): Promise<KeptCopy> {
  const copy = identifier(`copy_${randomBytes(8).toString('hex')}`)
  await asSuperuser((superuser) => copyTo(superuser, { from: database.name, to: copy }))
  return {
    restore: () => asSuperuser((superuser) => replaceBy(superuser, database, copy)),
    [Symbol.asyncDispose]: () => asSuperuser(async (it) => void (await it.query(`drop database if exists ${copy}`))),
  }
}

/** The database is gone, and an empty one stands in its place. */
export const loseDatabase = (database: Pick<TestDatabase, 'name' | 'role'>): Promise<void> =>
  asSuperuser((superuser) => replaceBy(superuser, database, 'template0'))

async function replaceBy(superuser: Connection, { name, role }: Pick<TestDatabase, 'name' | 'role'>, from: string) {
  const [found] = await superuser.query<{ owner: string }>(
    'select pg_get_userbyid(datdba) as owner from pg_database where datname = $1',
    [name],
  )
  await onceFree(() => superuser.query(`drop database ${name} with (force)`))
  await copyTo(superuser, { from, to: name })
  await superuser.query(`alter database ${name} owner to ${identifier(found?.owner ?? '')}`)
  await superuser.query(`revoke all on database ${name} from public`)
  await superuser.query(`grant connect on database ${name} to ${role}`)
}

/** Nobody may be connected to what is copied; those who heal by themselves come back at once. */
async function copyTo(superuser: Connection, { from, to }: { from: string; to: string }): Promise<void> {
  if (from !== 'template0') await superuser.query(`alter database ${from} allow_connections false`)
  try {
    // Who was about to connect when connections were forbidden is there a moment later.
    await onceFree(async () => {
      await superuser.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1', [from])
      await superuser.query(`create database ${to} template ${from}`)
    })
  } finally {
    if (from !== 'template0') await superuser.query(`alter database ${from} allow_connections true`)
  }
}

async function asSuperuser<T>(work: (superuser: Connection) => Promise<T>): Promise<T> {
  const superuser = await connect(inject('postgres'))
  try {
    return await work(superuser)
  } finally {
    await superuser.end()
  }
}
