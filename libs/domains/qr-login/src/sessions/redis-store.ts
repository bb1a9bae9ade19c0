import { z } from 'zod'
import { limitName } from './limit-name.ts'
import { connectRedis, type RedisOptions } from './redis-connection.ts'
import { approveScript, createScript, hitScript, takeScript } from './redis-scripts.ts'
import type { Session, SessionStore } from './store.ts'

const PREFIX = 'strongroom:{qr-login}:'
const LIVE = `${PREFIX}live`
const sessionKey = (id: string) => `${PREFIX}session:${id}`
const codeKey = (shortCode: string) => `${PREFIX}code:${shortCode}`
const limitKey = (name: string) => `${PREFIX}limit:${limitName(name)}`

const sessionHash = z.object({
  publicKey: z.string(),
  status: z.enum(['pending', 'approved']),
  shortCode: z.string().optional(),
  pollTokenDigest: z.string().optional(),
  encryptedPayload: z.string().optional(),
  approverDid: z.string().optional(),
})
const created = z.enum(['created', 'code-taken', 'full'])
const approved = z.enum(['approved', 'already-approved', 'missing'])
const payload = z.string().nullable()
const count = z.int()

export interface RedisStore extends SessionStore {
  /** One round trip, for health. @throws RelayUnavailable */
  check(): Promise<void>
  close(): void
}

/**
 * Sessions in Redis, 6 or newer, where every key has a time to live. Answers every call with `RelayUnavailable` while
 * the server is away, and goes on when it is back.
 * @throws TypeError for a URL that cannot be read.
 */
export function redisStore(options: RedisOptions): RedisStore {
  const redis = connectRedis(options)
  const run = (script: string, keys: string[], given: string[] = []) =>
    redis.ask((client) => client.eval(script, { keys, arguments: given }))

  async function find(id: string): Promise<Session | undefined> {
    const hash = await redis.ask((client) => client.hGetAll(sessionKey(id)))
    return Object.keys(hash).length > 0 ? { id, ...sessionHash.parse({ ...hash }) } : undefined
  }

  return {
    async create({ id, shortCode, publicKey, pollTokenDigest }, { most, lifetime }) {
      const fields = fieldsOf({ status: 'pending', shortCode, publicKey, pollTokenDigest })
      const keys = [LIVE, sessionKey(id), codeKey(shortCode)]
      return created.parse(await run(createScript, keys, [id, String(most), String(lifetime), ...fields]))
    },
    find,
    async findByCode(shortCode) {
      const id = await redis.ask((client) => client.get(codeKey(shortCode)))
      const found = id === null ? undefined : await find(id)
      if (found?.shortCode !== shortCode) return undefined
      return { id: found.id, publicKey: found.publicKey, status: found.status }
    },
    async approve(id, approval, lifetime) {
      // A pending session keeps its code, so that it can be read ahead of the one step that counts.
      const shortCode = await redis.ask((client) => client.hGet(sessionKey(id), 'shortCode'))
      const fields = fieldsOf({ status: 'approved', ...approval })
      const keys = [LIVE, sessionKey(id), codeKey(shortCode ?? '')]
      return approved.parse(await run(approveScript, keys, [id, String(lifetime), ...fields]))
    },
    takePayload: async (id) => payload.parse(await run(takeScript, [sessionKey(id)])) ?? undefined,
    hit: async (name, { points, window }) =>
      count.parse(await run(hitScript, [limitKey(name)], [String(window)])) <= points,
    async check() {
      await redis.ask((client) => client.ping())
    },
    close: () => redis.close(),
  }
}

const fieldsOf = (fields: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
