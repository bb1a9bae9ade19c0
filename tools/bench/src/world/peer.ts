import { scryptSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './child.ts'
import { type BenchDatabase, makeDatabase } from './database.ts'
import { CONNECTIONS_IN_POOL } from './app.ts'
import { PIN } from './seed-keys.ts'

export type PeerName =
  | 'bare'
  | 'two-commits'
  | 'one-insert'
  | 'one-select'
  | 'verified-select'
  | 'signed-select'
  | 'challenge-respond'
  | 'better-auth'
  | 'original-shape'

export interface Peer {
  readonly port: number
  stop(): Promise<void>
}

/** A peer, a process like our server: the same Node, the same PostgreSQL, as many connections. */
export async function startPeer(
  name: PeerName,
  { database, settings = {} }: { database?: BenchDatabase; settings?: Readonly<Record<string, string>> } = {},
): Promise<Peer> {
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-peer-'))
  const child = startChild({
    script: `tools/bench/src/peers/${name}.ts`,
    environment: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      DATABASE_URL: database?.ownerUrl,
      DATABASE_CONNECTIONS: String(CONNECTIONS_IN_POOL),
      ...settings,
    },
    log: join(scratch, 'log'),
  })
  const stop = async () => {
    await child.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  return { port: await child.told<number>('listening'), stop }
}

/** The peers' tables, with a row for each id: like ours where it matters to speed (key, free space for updates). */
export async function makePeerDatabase(superuserUrl: string, ids: readonly string[] = []): Promise<BenchDatabase> {
  const database = await makeDatabase(superuserUrl)
  const salt = 'bench'
  const hash = scryptSync(PIN, salt, 32).toString('base64')
  const owner = new URL(database.ownerUrl).username
  await database.ask(`create schema peer authorization ${owner}`)
  await database.ask(`create table peer.keys (id uuid primary key, tries int not null default 0, secret text not null,
    salt text not null default '${salt}', hash text not null default '${hash}') with (fillfactor = 50)`)
  await database.ask(`create table peer.events (id bigint generated always as identity primary key,
    at timestamptz not null default now(), event text not null, subject text not null)`)
  await database.ask(`alter table peer.keys owner to ${owner}`)
  await database.ask(`alter table peer.events owner to ${owner}`)
  if (ids.length > 0) {
    const values = ids.map((id) => `('${id}', '${'s'.repeat(44)}')`).join(', ')
    await database.ask(`insert into peer.keys (id, secret) values ${values}`)
  }
  await database.ask('vacuum (analyze) peer.keys')
  return database
}

/** The same with a setting for each account. */
export async function makePeerSettings(
  superuserUrl: string,
  { accounts, key, value }: { accounts: readonly string[]; key: string; value: string },
): Promise<BenchDatabase> {
  const database = await makePeerDatabase(superuserUrl)
  await database.ask(
    'create table peer.settings (account text, key text, value jsonb not null, primary key (account, key))',
  )
  await database.ask(`alter table peer.settings owner to ${new URL(database.ownerUrl).username}`)
  const values = accounts.map((account) => `('${account}', '${key}', '${JSON.stringify(value)}')`).join(', ')
  await database.ask(`insert into peer.settings (account, key, value) values ${values}`)
  await database.ask('vacuum (analyze) peer.settings')
  return database
}
