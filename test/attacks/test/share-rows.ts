import type { World } from '@strongroom/sss-lca/testing'
import type { Settled } from '../src/index.ts'

interface Tables {
  sql: World['app']['sql']
  /** Their DIDs name the two records. */
  people: readonly [Settled, Settled]
}

const idOf = ({ person }: Settled): string =>
  `(select id from secret_shares.accounts where primary_did = '${person.did}' order by id limit 1)`

export interface RowSwap extends Pick<Tables, 'sql'> {
  table: string
  /** What tells the two rows apart, and is never exchanged. */
  key: string
  rows: readonly [string, string]
}

/** Exchanges columns of two rows, where a unique one may be among them: both go, and come back. */
export const exchangeRows =
  ({ sql, table, key, rows: [one, other] }: RowSwap) =>
  async (columns: readonly string[]): Promise<void> => {
    const swapped = (mine: string, theirs: string) =>
      columns.map((column) => `${mine}.${column} := ${theirs}.${column};`).join(' ')
    await sql(`
      do $$ declare first ${table}; second ${table}; kept ${table}; begin
        delete from ${table} where ${key} = '${one}' returning * into strict first;
        delete from ${table} where ${key} = '${other}' returning * into strict second;
        kept := first; ${swapped('first', 'second')} ${swapped('second', 'kept')}
        insert into ${table} select (first).*;
        insert into ${table} select (second).*;
      end $$`)
  }

/** All subsets but the empty one. */
export const combine = (columns: readonly string[]): string[][] =>
  Array.from({ length: 2 ** columns.length - 1 }, (_, mask) =>
    columns.filter((_column, place) => ((mask + 1) >> place) & 1),
  )

/** Ids are read once: what is moved may be what they are found by. */
export async function rowsOf({ sql, people }: Tables) {
  const ids = await Promise.all(people.map(async (one) => String((await sql(`select ${idOf(one)} as id`))[0]?.['id'])))
  const [one = '', other = ''] = ids
  const both = `('${one}', '${other}')`

  /** Exchanges columns of the two records, by way of a value that neither has: a unique one is never there twice. */
  const swapAccounts = (columns: readonly string[]) => async () => {
    const set = (from: string) => columns.map((column) => `${column} = ${from}.${column}`).join(', ')
    await sql(`
      do $$ declare first secret_shares.accounts; second secret_shares.accounts; begin
        select * into strict first from secret_shares.accounts where id = '${one}';
        select * into strict second from secret_shares.accounts where id = '${other}';
        update secret_shares.accounts set lookup = sha256('nobody') where id = '${one}';
        update secret_shares.accounts set lookup = second.lookup where id = '${other}';
        update secret_shares.accounts set lookup = first.lookup where id = '${one}';
        ${columns.includes('lookup') ? `update secret_shares.accounts set lookup = sha256('nobody') where id = '${one}';` : ''}
        update secret_shares.accounts set ${set('first')} where id = '${other}';
        update secret_shares.accounts set ${set('second')} where id = '${one}';
      end $$`)
  }

  /** Exchanges columns between rows of the two, `mine` and `theirs`, that are alike in something. */
  const swapRows =
    (table: string, { columns, alike }: { columns: readonly string[]; alike: string }) =>
    async () => {
      const set = columns.map((column) => `${column} = theirs.${column}`).join(', ')
      await sql(`
      update secret_shares.${table} as mine set ${set} from secret_shares.${table} as theirs
       where mine.account_id in ${both} and theirs.account_id in ${both} and mine.account_id <> theirs.account_id and ${alike}`)
    }

  const giveLogins = async () =>
    void (await sql(`
      update secret_shares.logins set account_id = case account_id when '${one}' then '${other}' else '${one}' end::uuid
       where account_id in ${both}`))

  return { ids: [one, other] as const, swapAccounts, swapRows, giveLogins }
}
