import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export interface Stray {
  readonly table: string
  readonly column: string
  readonly rows: number
}

const found = z.object({ table: z.string(), column: z.string(), rows: column.count })

/** Rows of any column of bytes or JSON, declared or not, that name a key of the one token and none of the other: they were not carried. */
export async function strayValues(
  statements: Statements,
  ids: { readonly left: readonly Uint8Array[]; readonly kept: readonly Uint8Array[] },
): Promise<readonly Stray[]> {
  return [...(await inColumns(statements, ids)), ...(await inLists(statements, ids.left))]
}

/** What is no plain column of bytes, such as a list of them, or rows that are held as JSON: nothing there is carried, so any is one too many. */
const inLists = (statements: Statements, left: readonly Uint8Array[]): Promise<readonly Stray[]> =>
  statements.many(
    found,
    sql`
    select place as "table", field as "column", hits as rows
      from keystore.count_references(${left.map((id) => Buffer.from(id))}::bytea[]) r
     where not exists (
       select from information_schema.columns c join information_schema.tables t using (table_catalog, table_schema, table_name)
        where c.data_type = 'bytea' and t.table_type = 'BASE TABLE'
          and r.place = c.table_schema || '.' || c.table_name and r.field = c.column_name)`,
  )

function inColumns(
  statements: Statements,
  { left, kept }: { left: readonly Uint8Array[]; kept: readonly Uint8Array[] },
): Promise<readonly Stray[]> {
  const [from, to] = [left, kept].map((ids) => ids.map((id) => Buffer.from(id).toString('hex')).join(','))
  // `query_to_xml` runs a statement for each column, whose name is known to the catalogue alone.
  return statements.many(
    found,
    sql`
    select place as "table", field as "column", hits::int as rows from (
      select c.table_schema || '.' || c.table_name as place, c.column_name as field,
             substring(query_to_xml(format(
               'select count(*) as n from %I.%I v
                 where exists (select from string_to_table(%L, '','') k where position(decode(k, ''hex'') in v.%I) > 0)
                   and not exists (select from string_to_table(%L, '','') k where position(decode(k, ''hex'') in v.%I) > 0)',
               c.table_schema, c.table_name, ${from}::text, c.column_name, ${to}::text, c.column_name),
               false, true, '')::text from '<n>([0-9]+)</n>') as hits
        from information_schema.columns c
        join information_schema.tables t using (table_catalog, table_schema, table_name)
       where c.data_type = 'bytea' and t.table_type = 'BASE TABLE'
         and c.table_schema not in ('pg_catalog', 'information_schema')
         and (c.table_schema, c.table_name) <> ('keystore', 'keys')) counted
     where hits is distinct from '0' order by 1, 2`,
  )
}
