import type { TestApp } from '@strongroom/test-world'
import type { TwoWaiting, WaitingDuo } from '../src/index.ts'

type Sql = Pick<TestApp, 'sql'>
type Move = (people: TwoWaiting) => Promise<unknown>

/** How a person's row is told from others; the user's id is read first, since it may be what is moved. */
type RowOf = (who: WaitingDuo, userId: string) => string

const bytes = (hex: string): string => `'\\x${hex}'`

export const rowsOf = {
  devices: ({ device }) => `verifying_key = ${bytes(device.key)}`,
  keys: ({ keyId }) => `key_id = '${keyId}'`,
  backups: ({ keyId }) => `key_id = '${keyId}'`,
  faces: (_, userId) => `user_id = '${userId}'`,
  challenges: ({ fresh }, userId) => `user_id = '${userId}' and verifying_key = ${bytes(fresh.key)}`,
  keygens: ({ device, instance }) => `verifying_key = ${bytes(device.key)} and instance = '${instance}'`,
} satisfies Record<string, RowOf>
export type DuoTable = keyof typeof rowsOf

const idOf = ({ person }: WaitingDuo, ids: ReadonlyMap<string, string>): string => ids.get(person.subject) ?? ''

/** What the two are called in the database, read before anything was moved. */
const known = new WeakMap<TwoWaiting, Promise<ReadonlyMap<string, string>>>()

function idsOf({ sql }: Sql, people: TwoWaiting): Promise<ReadonlyMap<string, string>> {
  const read = known.get(people) ?? readIds({ sql }, people)
  known.set(people, read)
  return read
}

async function readIds({ sql }: Sql, people: TwoWaiting): Promise<ReadonlyMap<string, string>> {
  const ids = await Promise.all(
    people.map(async ({ device, person }) => {
      const [row] = await sql(`select user_id from key_shares.devices where verifying_key = ${bytes(device.key)}`)
      return [person.subject, String(row?.['user_id'])] as const
    }),
  )
  return new Map(ids)
}

/** Exchanges columns of two rows, which are taken out and put back, so that what is unique may be moved as well. */
export const exchange =
  ({ sql }: Sql, table: DuoTable, columns: readonly string[]): Move =>
  async (people) => {
    const ids = await idsOf({ sql }, people)
    const [mine, theirs] = people.map((who) => rowsOf[table](who, idOf(who, ids)))
    const name = `key_shares.${table}`
    const swap = columns.map((column) => `first.${column} := second.${column}; second.${column} := kept.${column};`)
    // A row that was used up on the way is not there any more.
    await sql(`
      do $$ declare first ${name}; second ${name}; kept ${name}; begin
        select * into first from ${name} where ${mine ?? ''};
        select * into second from ${name} where ${theirs ?? ''};
        if first is null or second is null then return; end if;
        kept := first;
        ${swap.join(' ')}
        delete from ${name} where ${mine ?? ''};
        delete from ${name} where ${theirs ?? ''};
        insert into ${name} select first.*;
        insert into ${name} select second.*;
      end $$`)
  }

const assign = (columns: readonly string[], from: string): string =>
  columns.map((column) => `${column} = ${from}.${column}`).join(', ')

/** The same where other rows hang on these, so that they stay where they are. */
export const exchangeInPlace =
  ({ sql }: Sql, table: 'keys' | 'users', columns: readonly string[]): Move =>
  async (people) => {
    const ids = await idsOf({ sql }, people)
    const [mine = '', theirs = ''] = people.map((who) =>
      table === 'keys' ? rowsOf.keys(who) : `id = '${idOf(who, ids)}'`,
    )
    const name = `key_shares.${table}`
    const park = table === 'users' ? `update ${name} set lookup = sha256(id::text::bytea) where ${mine};` : ''
    await sql(`
      do $$ declare first ${name}; second ${name}; begin
        select * into strict first from ${name} where ${mine};
        select * into strict second from ${name} where ${theirs};
        ${park}
        update ${name} set ${assign(columns, 'first')} where ${theirs};
        update ${name} set ${assign(columns, 'second')} where ${mine};
      end $$`)
  }

export const inTurn =
  (...moves: readonly Move[]): Move =>
  async (people) => {
    for (const move of moves) await move(people)
  }
