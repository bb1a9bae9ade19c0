import type { RouterContext } from '@koa/router'
import type { KeyRecord, OriginalDatabase } from './database.ts'
import type { HashService } from './pin-hash.ts'
import { countAttempt, forgetAttempts } from './rate-limit.ts'

export interface OriginalParts {
  database: OriginalDatabase
  hashes: HashService
  provider: Provider
  /** The process's clock, which the original believes. */
  now: () => Date
  log(line: string): void
}

/** Whoever carries mails and SMS. The original waits for it within the request. */
export interface Provider {
  send(to: string, text: string): Promise<void>
}

export type Reply = [status: number, body: object]

export const success = { message: 'Success' }
export const invalidRequest: Reply = [400, { message: 'Invalid request' }]
export const invalidParams: Reply = [404, { message: 'Invalid params' }]
export const limitedUntil = (delay: string): Reply => [429, { message: 'Rate limit until', delay }]

export const isPin = (value: unknown): value is string => typeof value === 'string' && /^.{4,256}$/.test(value)
export const isKeyId = (value: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value)
export const isUserId = (value: unknown): value is string =>
  typeof value === 'string' && /^(\+[1-9]\d{1,14}|[^\s@]+@[^\s@]+\.[a-z]{2,})$/i.test(value)

export const answering =
  (parts: OriginalParts) =>
  (failure: string, handle: (context: RouterContext) => Promise<Reply>) =>
  async (context: RouterContext): Promise<void> => {
    const [status, body] = await handle(context).catch((error: unknown): Reply => {
      parts.log(`${failure}: ${error instanceof Error ? error.stack : String(error)}`)
      return [500, { message: failure }]
    })
    context.status = status
    context.type = 'application/json'
    context.body = JSON.stringify(body)
  }

/** Load, count, compare: each waits for something, and nothing holds the record meanwhile. */
export async function withPin(
  { database, hashes, now }: OriginalParts,
  context: RouterContext,
  release: (record: KeyRecord) => Promise<Reply>,
): Promise<Reply> {
  const keyId = context.params['keyId'] ?? ''
  const pin = pinOf(context.get('authorization'))
  if (!isKeyId(keyId) || !isPin(pin)) return invalidRequest
  const record = await database.keys.get(keyId)
  if (record === null) return invalidParams
  const counting = { row: record, put: (row: KeyRecord) => database.keys.put(row), now: now() }
  const delay = await countAttempt(counting)
  if (delay !== null) return limitedUntil(delay)
  if ((await hashes.hash(pin, record.salt)) !== record.pin) return invalidParams
  await forgetAttempts(counting)
  return release({ ...record, firstInvalid: null, invalidCount: 0 })
}

/** Cuts a PIN at its first colon, as the original does. */
function pinOf(header: string): string | undefined {
  if (!header.includes('Basic ')) return undefined
  return Buffer.from(header.split('Basic ')[1] ?? '', 'base64')
    .toString('utf8')
    .split(':')[1]
}

export async function readBody(context: RouterContext): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of context.req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}
