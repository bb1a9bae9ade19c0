import { type Query, readMigrations, sql, type Statements } from '@strongroom/storage'
import type { z } from 'zod'
import type { EventKind } from './event.ts'

export const auditMigrations = readMigrations('audit', new URL('../migrations/', import.meta.url), {
  events: ['select', 'insert'],
  links: ['select', 'insert'],
  marks: ['select', 'insert'],
  heads: ['select', 'insert'],
  deliveries: ['select', 'insert'],
})

/** Writes a security event in the transaction that it describes: both or neither. */
export async function recordEvent<Detail extends z.ZodObject>(
  tx: Statements,
  kind: EventKind<Detail>,
  { subject, detail }: { subject: string; detail: z.input<Detail> },
): Promise<void> {
  await tx.run(sql`
    insert into audit.events (event, subject, detail)
    values (${kind.name}, ${subject}, ${JSON.stringify(kind.detail.parse(detail))}::jsonb)`)
}

/**
 * The same as part of a larger statement: one event for each row of `from`, a relation of that statement. `detail` is a
 * jsonb expression over those rows, for numbers that the database alone knows.
 */
export const appendEvent = (
  kind: EventKind,
  { subject, detail, from }: { subject: string | Query; detail: Query; from: Query },
): Query => sql`
    insert into audit.events (event, subject, detail)
    select ${kind.name}::text, ${subject}::text, ${detail} from ${from}`
