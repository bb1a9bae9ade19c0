import { randomBytes } from 'node:crypto'
import type { Router, RouterContext } from '@koa/router'
import type { KeyRecord, UserRecord } from './database.ts'
import {
  answering,
  invalidParams,
  invalidRequest,
  isKeyId,
  isPin,
  isUserId,
  limitedUntil,
  type OriginalParts,
  readBody,
  type Reply,
  success,
  withPin,
} from './parts.ts'
import { countAttempt, forgetAttempts } from './rate-limit.ts'

/** Users, codes and resets of the original's shape: plain codes without an end, and a lock that never dies. */
export function routeUsers(router: Router, parts: OriginalParts): void {
  const answer = answering(parts)
  router.post(
    '/v2/key/:keyId/user',
    answer('Error creating user', async (context) => {
      const { userId } = await readBody(context)
      if (!isUserId(userId)) return invalidRequest
      return withPin(parts, context, (key) => createUser(parts, key, userId))
    }),
  )
  router.put(
    '/v2/key/:keyId/user/:userId',
    answer('Error verifying user', async (context) => verifyUser(parts, context, await readBody(context))),
  )
  router.get(
    '/v2/key/:keyId/user/:userId/reset',
    answer('Error resetting pin', async (context) => {
      const found = await find(parts, context)
      if (found === null) return invalidRequest
      const { user } = found
      if (user === null || !user.verified) return invalidParams
      await sendCode(parts, { user, op: 'reset-pin', to: found.userId })
      return [200, success]
    }),
  )
  router.delete(
    '/v2/key/:keyId/user/:userId',
    answer('Error deleting user', async (context) =>
      withPin(parts, context, async (key) => {
        const id = await idOf(parts, key, context.params['userId'] ?? '')
        if ((await parts.database.users.get(id)) === null) throw new Error('unknown user')
        await parts.database.users.remove(id)
        return [200, success]
      }),
    ),
  )
}

const idOf = ({ hashes }: OriginalParts, { salt }: KeyRecord, userId: string): Promise<string> =>
  hashes.hash(userId, salt)

async function find(parts: OriginalParts, { params }: RouterContext) {
  const { keyId = '', userId = '' } = params
  if (!isKeyId(keyId) || !isUserId(userId)) return null
  const key = await parts.database.keys.get(keyId)
  if (key === null) return { userId, key: null, user: null }
  return { userId, key, user: await parts.database.users.get(await idOf(parts, key, userId)) }
}

async function createUser(parts: OriginalParts, key: KeyRecord, userId: string): Promise<Reply> {
  const id = await idOf(parts, key, userId)
  const known = await parts.database.users.get(id)
  if (known?.verified) return [409, { message: 'User id already exists' }]
  const user = known ?? { id, op: null, code: '', verified: false, firstInvalid: null, invalidCount: 0 }
  await sendCode(parts, { user, op: 'verify', to: userId })
  return [201, success]
}

interface Sending {
  user: UserRecord
  op: string
  to: string
}

async function sendCode({ database, provider }: OriginalParts, { user, op, to }: Sending): Promise<void> {
  const code = String(randomBytes(4).readUInt32BE()).padStart(6, '0').slice(-6)
  await database.users.put({ ...user, op, code })
  await provider.send(to, `Your verification code is: ${code}`)
}

async function verifyUser(
  parts: OriginalParts,
  context: RouterContext,
  { code, op, newPin }: Record<string, unknown>,
): Promise<Reply> {
  const found = await find(parts, context)
  if (found === null || typeof code !== 'string' || !/^\d{6}$/.test(code)) return invalidRequest
  if (op !== 'verify' && op !== 'reset-pin') return invalidRequest
  const { key, user } = found
  if (key === null || user === null) return invalidParams
  const put = (row: UserRecord) => parts.database.users.put(row)
  const delay = await countAttempt({ row: user, put, now: parts.now() })
  if (delay !== null) return limitedUntil(delay)
  if (user.op !== op || user.code !== code) return invalidParams
  await forgetAttempts({ row: { ...user, op: null, verified: true }, put })
  return op === 'verify' ? [200, success] : resetPin(parts, key, newPin)
}

const month = 30 * 24 * 60 * 60 * 1000

async function resetPin({ database, hashes, now }: OriginalParts, key: KeyRecord, newPin: unknown): Promise<Reply> {
  const lockedUntil = key.lockedUntil ?? new Date(now().getTime() + month).toISOString()
  if (now() < new Date(lockedUntil)) {
    await database.keys.put({ ...key, lockedUntil })
    return [423, { message: 'Time locked until', delay: lockedUntil }]
  }
  if (!isPin(newPin)) return [304, { message: 'Invalid new pin' }]
  await database.keys.put({ ...key, pin: await hashes.hash(newPin, key.salt), lockedUntil: null })
  return [200, success]
}
