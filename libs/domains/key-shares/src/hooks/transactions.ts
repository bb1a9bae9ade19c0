import { toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { nameCaller, timestamp, type UserDeps } from '../users/caller.ts'
import { listTransactions } from './contract.ts'

const row = z.object({
  id: z.uuid(),
  type: z.enum(['keygen', 'sign']),
  status: z.enum(['approved', 'rejected', 'completed']),
  keyId: z.string().nullable(),
  device: column.bytes,
  instance: z.string(),
  signAlg: z.string().nullable(),
  chainPath: z.string().nullable(),
  message: z.string().nullable(),
  rejectReason: z.string().nullable(),
  createdAt: column.instant,
  /** With all the digits that the database has: what the next page begins after. */
  createdExactly: z.string(),
  completedAt: column.instant.nullable(),
})

const writeCursor = (at: string, id: string): string => toBase64url(toUtf8(JSON.stringify([at, id])))

interface Wanted {
  readonly key_id?: string | undefined
  readonly type?: string | undefined
  readonly status?: string | undefined
  readonly limit: number
  readonly cursor?: readonly [at: string, id: string] | undefined
}

const findTransactions = (
  statements: Statements,
  userId: string,
  { key_id: keyId, type, status, limit, cursor: after }: Wanted,
) =>
  statements.many(
    row,
    sql`select id, type, status, key_id as "keyId", verifying_key as device, instance, sign_alg as "signAlg",
               chain_path as "chainPath", message, reject_reason as "rejectReason", created_at as "createdAt",
               to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "createdExactly",
               completed_at as "completedAt"
          from key_shares.transactions
         where user_id = ${userId}
           and (${keyId ?? null}::text is null or key_id = ${keyId ?? null})
           and (${type ?? null}::text is null or type = ${type ?? null})
           and (${status ?? null}::text is null or status = ${status ?? null})
           and (${after?.[1] ?? null}::uuid is null or (created_at, id) < (${after?.[0] ?? null}::timestamptz, ${after?.[1] ?? null}::uuid))
         order by created_at desc, id desc limit ${limit + 1}`,
  )

export const list = implement<UserDeps>()(listTransactions, async ({ proof, query }, deps) => {
  const { limit } = query
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const found = await findTransactions(deps.database.reading, user.id, query)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return reply(200, {
    transactions: page.map(describe),
    next_cursor: found.length > limit && last ? writeCursor(last.createdExactly, last.id) : null,
  })
})

const describe = (one: z.output<typeof row>) => ({
  transaction_id: one.id,
  type: one.type,
  status: one.status,
  key_id: one.keyId,
  device_verifying_key: toHex(one.device),
  instance: one.instance,
  sign_alg: one.signAlg,
  chain_path: one.chainPath,
  message: one.message,
  reject_reason: one.rejectReason,
  created_at: timestamp(one.createdAt),
  completed_at: one.completedAt && timestamp(one.completedAt),
})
