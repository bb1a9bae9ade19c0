import type pg from 'pg'
import type { z } from 'zod'
import { asOutage } from './outage.ts'
import type { Query } from './sql.ts'

/** What runs statements: the database, its pipelined connections, or a transaction. */
export interface Statements {
  /** Answers with the number of rows touched. */
  run(query: Query): Promise<number>
  many<Row extends z.ZodType>(row: Row, query: Query): Promise<z.output<Row>[]>
  /** The first row, or `undefined` where there is none. */
  maybe<Row extends z.ZodType>(row: Row, query: Query): Promise<z.output<Row> | undefined>
  /** The one row that must be there. */
  one<Row extends z.ZodType>(row: Row, query: Query): Promise<z.output<Row>>
}

export type Send = (query: pg.QueryConfig) => Promise<pg.QueryResult>

/** Statements over whatever sends them; each text is a named prepared statement, which saves a third of the work. */
export function statementsOver(send: Send): Statements {
  const ask = async (query: Query) => {
    try {
      return await send({ name: nameOf(query.text), text: query.text, values: [...query.values] })
    } catch (error) {
      throw asOutage(error)
    }
  }
  const many: Statements['many'] = async (row, query) => (await ask(query)).rows.map((found) => row.parse(found))
  const maybe: Statements['maybe'] = async (row, query) => (await many(row, query))[0]
  return {
    run: async (query) => (await ask(query)).rowCount ?? 0,
    many,
    maybe,
    async one(row, query) {
      const found = await maybe(row, query)
      if (found === undefined) throw new Error('a row that must be there is missing')
      return found
    },
  }
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) names.set(text, (name = `s${String(names.size)}`))
  return name
}
