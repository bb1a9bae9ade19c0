import type { TestApp } from '@strongroom/test-world'

type Sql = Pick<TestApp, 'sql'>

export interface TwoRows {
  readonly table: `identity.${string}`
  /** What tells the two rows apart, and is never exchanged. */
  readonly key: string
  readonly rows: readonly [string, string]
}

/** Exchanges columns of two rows, unique ones among them: both go, and come back. */
export function exchangeKept(
  { sql }: Sql,
  { table, key, rows: [one, other] }: TwoRows,
  columns: readonly string[],
): Promise<unknown> {
  const swap = columns.map((column) => `one.${column} := two.${column}; two.${column} := kept.${column};`)
  return sql(`
    do $$ declare one ${table}; two ${table}; kept ${table}; begin
      delete from ${table} where ${key} = '${one}' returning * into strict one;
      delete from ${table} where ${key} = '${other}' returning * into strict two;
      kept := one; ${swap.join(' ')}
      insert into ${table} overriding system value select one.*;
      insert into ${table} overriding system value select two.*;
    end $$`)
}

/** Marks rows, by an expression over them: a row is the same wherever its columns went. */
export const markRows = ({ sql }: Sql, table: TwoRows['table'], value: string): Promise<unknown> =>
  sql(`alter table ${table} add column mark text not null default ''; update ${table} t set mark = ${value}`)
