import { createHash } from 'node:crypto'
import { column, type Query, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { Channel } from './message.ts'

export const notifyMigrations = readMigrations('notify', new URL('../migrations/', import.meta.url), {
  recipients: ['select', 'insert', 'update', 'delete'],
  tallies: ['select', 'insert', 'update', 'delete'],
})

/** How many messages of one channel may be sent. What is not given is not capped; 0 sends nothing. */
export interface SendCaps {
  /** To one recipient in any 60 minutes. */
  readonly recipientPerHour?: number
  /** To one recipient in any 24 hours. */
  readonly recipientPerDay: number
  /** To one prefix in a day: bounds what a premium number range can earn. */
  readonly prefixPerDay?: number
  /** Over the channel in a day: bounds what it can cost. */
  readonly channelPerDay: number
}

export interface SendAsked {
  readonly channel: Channel
  readonly caps: SendCaps
  /** Opaque: a MAC of the address or number under a key outside the database. Stored as a digest of it. */
  readonly recipient: Uint8Array | string
  /** Country and first digits of a number, `+` and at most 7 digits. Stored as it is: it stands for thousands. */
  readonly prefix?: string
}

export type SendTaken = { readonly taken: true } | { readonly taken: false; readonly until: Date }

const answer = z.object({ until: column.instant.nullable() })
const prefixPattern = /^\+\d{1,7}$/
const cap = z.int().min(0).max(1_000_000).optional()

/**
 * Takes the right to one send from every cap that applies, or from none: one statement, exact over connections and
 * processes, durable when it returns. Take once for a message, not for its retries, and not in a long transaction: the
 * channel's row stays locked to its end. A send that then fails stays taken.
 */
export async function takeSend(database: Statements, asked: SendAsked): Promise<SendTaken> {
  const { until } = await database.one(answer, takeStatement(asked))
  return until === null ? { taken: true } : { taken: false, until }
}

function takeStatement({ channel, caps, recipient, prefix }: SendAsked): Query {
  if (prefix !== undefined && !prefixPattern.test(prefix)) throw new TypeError('a prefix is + and 1 to 7 digits')
  const { recipientPerHour, recipientPerDay, prefixPerDay, channelPerDay } = caps
  const limits = [recipientPerHour, recipientPerDay, prefixPerDay, channelPerDay].map((one) => cap.parse(one) ?? null)
  const digest = createHash('sha256').update(recipient).digest()
  return sql`select notify.take_send(${channel}::text, ${digest}::bytea, ${prefix ?? ''}::text,
    ${limits[0]}::int, ${limits[1]}::int, ${limits[2]}::int, ${limits[3]}::int) as until`
}

/** Removes counters that limit nothing any more; answers how many. For a job that runs every hour or day. */
export async function sweepSends(database: Statements): Promise<number> {
  // Rows that somebody is taking from are left for the next time, so that this waits for nobody.
  const recipients = await database.run(sql`
    delete from notify.recipients where (channel, recipient) in (
      select channel, recipient from notify.recipients
       where not exists (select from unnest(sent) as taken where taken > strongroom.now() - interval '1 day')
         for update skip locked)`)
  const tallies = await database.run(sql`
    delete from notify.tallies where (channel, prefix) in (
      select channel, prefix from notify.tallies where since <= strongroom.now() - interval '1 day'
         for update skip locked)`)
  return recipients + tallies
}
