import { column, openDatabase, sql } from '@strongroom/storage'
import { z } from 'zod'

const database = openDatabase({ connectionString: 'postgres://app@localhost/keys' })
const row = z.object({ id: z.string(), size: column.count })
const found = await database.reading.maybe(row, sql`select id, size from things where id = ${'a'}`)
await database.transaction(async (tx) => {
  await tx.run(sql`update things set size = ${(found?.size ?? 0) + 1} where id = ${'a'}`)
})
await database.close()
