import { createHash } from 'node:crypto'
import { checkId, type Message } from './message.ts'
import { oneLine } from './one-line.ts'

/** Seconds that a push service keeps what it cannot deliver: a prompt to look now is of no use later. */
export const USUAL_TTL = 300

/** A push as every provider takes it: a title, a body, and data. */
export const contentOf = (message: Message) => ({
  id: checkId(message),
  title: oneLine(message.subject),
  body: message.text,
  data: message.data ?? {},
})

/** What makes a second attempt replace the first where that was not shown yet: 32 characters, as RFC 8030 5.4 allows. */
export const topicOf = (id: string): string => createHash('sha256').update(id).digest('base64url').slice(0, 32)
