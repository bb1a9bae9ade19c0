import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readWorldFile, usualPlaces, type WorldFile } from '@strongroom/dev-world'
import { type Database, openDatabase } from '@strongroom/storage'
import type { Options } from './options.ts'
import { readPinnedKeys } from './pinned-keys.ts'
import { readTokenKeys } from './token-keys.ts'

/** Where a verification gets what it needs. Close the database. */
export interface Sources {
  readonly database: Database
  readonly headsFile: string
  publicKeys(): Promise<Uint8Array[]>
}

/** What the options name; the rest from the development world that runs. */
export async function openSources(options: Options): Promise<Sources> {
  const { app, deployment, databaseUrlFile, publicKeyFile, sink } = options
  const world = databaseUrlFile === undefined ? runningWorld() : undefined
  const connectionString = world ? databaseOf(world, app) : (await readFile(databaseUrlFile ?? '', 'utf8')).trim()
  // A verification counts over the whole log: minutes, where it is long.
  const database = openDatabase({ connectionString, connections: 1, statementTimeout: 600_000 })
  const { module = '', tokens = {} } = world?.pkcs11 ?? {}
  return {
    database,
    headsFile: sink === undefined ? join(usualPlaces.home, 'audit', `${app}.jsonl`) : fileURLToPath(sink),
    publicKeys() {
      if (publicKeyFile !== undefined) return readPinnedKeys(publicKeyFile)
      const token = tokens[app]
      if (!token) throw new Error(`the development world has no token of ${app}`)
      return readTokenKeys(database.reading, { module, token, app, deployment })
    },
  }
}

function runningWorld(): WorldFile {
  const world = readWorldFile(usualPlaces)
  if (!world)
    throw new Error('no development world runs: start it, or say --database-url-file, --public-key-file and --sink')
  return world
}

const databaseOf = ({ postgres }: WorldFile, app: string): string =>
  Object.assign(new URL(postgres), { pathname: `/${app.replaceAll('-', '_')}` }).href
