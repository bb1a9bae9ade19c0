import { randomUUID } from 'node:crypto'
import { Router, type RouterContext } from '@koa/router'
import type { KeyRecord, OriginalDatabase } from './database.ts'
import { drawSecret, type HashService } from './pin-hash.ts'
import { countAttempt, forgetAttempts } from './rate-limit.ts'

export interface OriginalParts {
  database: OriginalDatabase
  hashes: HashService
  log(line: string): void
}

type Reply = [status: number, body: object]

const invalidRequest: Reply = [400, { message: 'Invalid request' }]
const invalidParams: Reply = [404, { message: 'Invalid params' }]

const isPin = (value: unknown): value is string => typeof value === 'string' && /^.{4,256}$/.test(value)
const isKeyId = (value: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value)

export function routeOriginal(parts: OriginalParts): Router {
  const router = new Router()
  const answer =
    (failure: string, handle: (context: RouterContext) => Promise<Reply>) => async (context: RouterContext) => {
      const [status, body] = await handle(context).catch((error: unknown): Reply => {
        parts.log(`${failure}: ${error instanceof Error ? error.stack : String(error)}`)
        return [500, { message: failure }]
      })
      context.status = status
      context.type = 'application/json'
      context.body = JSON.stringify(body)
    }

  router.post(
    '/v2/key',
    answer('Error creating key', async (context) => createKey(parts, (await readBody(context))['pin'])),
  )
  router.get(
    '/v2/key/:keyId',
    answer('Error reading key', async (context) => {
      return withPin(parts, context, async ({ id, encryptionKey }) => [200, { id, encryptionKey }])
    }),
  )
  router.put(
    '/v2/key/:keyId',
    answer('Error changing pin', async (context) => {
      const { newPin } = await readBody(context)
      if (!isPin(newPin)) return invalidRequest
      return withPin(parts, context, (record) => changePin(parts, record, newPin))
    }),
  )
  return router
}

async function createKey({ database, hashes }: OriginalParts, pin: unknown): Promise<Reply> {
  if (!isPin(pin)) return invalidRequest
  const salt = drawSecret()
  const record = { id: randomUUID(), encryptionKey: drawSecret(), pin: await hashes.hash(pin, salt), salt }
  await database.put({ ...record, firstInvalid: null, invalidCount: 0 })
  return [201, { id: record.id }]
}

async function changePin({ database, hashes }: OriginalParts, record: KeyRecord, newPin: string): Promise<Reply> {
  const salt = drawSecret()
  await database.put({ ...record, salt, pin: await hashes.hash(newPin, salt), firstInvalid: null, invalidCount: 0 })
  return [200, { message: 'Success' }]
}

/** Load, count, compare: each waits for something, and nothing holds the record meanwhile. */
async function withPin(
  { database, hashes }: OriginalParts,
  context: RouterContext,
  release: (record: KeyRecord) => Promise<Reply>,
): Promise<Reply> {
  const keyId = context.params['keyId'] ?? ''
  const pin = pinOf(context.get('authorization'))
  if (!isKeyId(keyId) || !isPin(pin)) return invalidRequest
  const record = await database.get(keyId)
  if (record === null) return invalidParams
  const delay = await countAttempt(database, record)
  if (delay !== null) return [429, { message: 'Rate limit until', delay }]
  if ((await hashes.hash(pin, record.salt)) !== record.pin) return invalidParams
  await forgetAttempts(database, record)
  return release(record)
}

/** Cuts a PIN at its first colon, as the original does. */
function pinOf(header: string): string | undefined {
  if (!header.includes('Basic ')) return undefined
  return Buffer.from(header.split('Basic ')[1] ?? '', 'base64')
    .toString('utf8')
    .split(':')[1]
}

async function readBody(context: RouterContext): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of context.req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}
