import { randomUUID } from 'node:crypto'
import { Router } from '@koa/router'
import type { KeyRecord } from './database.ts'
import {
  answering,
  invalidRequest,
  isPin,
  type OriginalParts,
  readBody,
  type Reply,
  success,
  withPin,
} from './parts.ts'
import { drawSecret } from './pin-hash.ts'
import { routeUsers } from './user-routes.ts'

export function routeOriginal(parts: OriginalParts): Router {
  const router = new Router()
  const answer = answering(parts)
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
  routeUsers(router, parts)
  return router
}

async function createKey({ database, hashes }: OriginalParts, pin: unknown): Promise<Reply> {
  if (!isPin(pin)) return invalidRequest
  const salt = drawSecret()
  const record = { id: randomUUID(), encryptionKey: drawSecret(), pin: await hashes.hash(pin, salt), salt }
  await database.keys.put({ ...record, firstInvalid: null, invalidCount: 0, lockedUntil: null })
  return [201, { id: record.id }]
}

async function changePin({ database, hashes }: OriginalParts, record: KeyRecord, newPin: string): Promise<Reply> {
  await database.keys.put({ ...record, pin: await hashes.hash(newPin, record.salt) })
  return [200, success]
}
