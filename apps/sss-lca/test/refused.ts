import { openDatabase, sql } from '@strongroom/storage'
import type { TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'
import { z } from 'zod'
import { canary } from './bad-fields.ts'
import { type Answered, type Asked, clientOf } from './client.ts'

export interface Told {
  readonly message: string
  readonly issues?: readonly { path: (string | number)[]; code: string; message: string }[]
}

/** The very bytes of an error. */
export const errorOf = (status: number, told: { message: string; code: string; path?: string }) =>
  JSON.stringify({
    message: told.message,
    code: told.code,
    data: { code: told.code, httpStatus: status, ...(told.path !== undefined && { path: told.path }) },
  })

export const invalid = (path: string) => errorOf(400, { message: 'Input validation failed', code: 'BAD_REQUEST', path })

/** How many rows every table has but those that the audit log's own sweep fills. */
const counted = sql`
  select json_object_agg(name, rows) as tables from (
    select format('%I.%I', table_schema, table_name) as name,
           (xpath('//c/text()', query_to_xml(format('select count(*) as c from %I.%I', table_schema, table_name), false, true, '')))[1]::text as rows
      from information_schema.tables
     where table_schema in ('secret_shares', 'qr_login', 'codes', 'guesses', 'notify', 'proofs', 'time_locks', 'audit')
       and table_name not in ('links', 'marks', 'heads', 'deliveries') order by 1) as counts`
const tables = z.object({ tables: z.record(z.string(), z.string()) })

export interface Refuser {
  /** Asks all of them; nothing may have been stored, and no answer repeats what was sent. */
  refuseAll(all: readonly Asked[], check: (answer: Answered, index: number) => void): Promise<void>
  close(): Promise<void>
}

export function openRefuser(app: TestApp): Refuser {
  const owner = openDatabase({ connectionString: app.database.adminUrl, connections: 1 })
  const { ask } = clientOf(app.baseUrls[0] ?? '')
  return {
    async refuseAll(all, check) {
      const before = await owner.one(tables, counted)
      for (const [index, asked] of all.entries()) {
        const answer = await ask(asked)
        check(answer, index)
        expect(answer.text).not.toContain(canary)
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      }
      expect(await owner.one(tables, counted)).toEqual(before)
    },
    close: () => owner.close(),
  }
}
