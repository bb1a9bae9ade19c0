import { recordEvent } from '@strongroom/audit'
import { type RandomSource, sha256, systemRandom, toBase64url, toUtf8 } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { lockContested } from './events.ts'
import type { LockPolicy } from './policy.ts'
import { contestSubject, endLock } from './store.ts'

const LINK_BYTES = 32

/** The shape of what `issueCancelLink` answers. */
export const CancelToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/**
 * Makes a link that cancels the lock, for the job that sends it: 256 random bits in base64url. The database keeps their
 * SHA-256, which is enough for what cannot be guessed.
 */
export async function issueCancelLink(
  statements: Statements,
  lockId: string,
  random: RandomSource = systemRandom,
): Promise<string> {
  const token = toBase64url(random(LINK_BYTES))
  await statements.run(
    sql`insert into time_locks.cancel_links (digest, lock_id) values (${digestOf(token)}, ${lockId})`,
  )
  return token
}

const linkedLock = z.object({ lockId: z.uuid(), subject: z.string(), holder: z.string() })
export type LinkedLock = z.output<typeof linkedLock>

/** The active lock that the link would cancel. Looking changes nothing: mail scanners look. */
export const findLinkedLock = (
  statements: Statements,
  { kind }: LockPolicy,
  token: string,
): Promise<LinkedLock | undefined> =>
  statements.maybe(
    linkedLock,
    sql`select l.id as "lockId", l.subject, l.holder
          from time_locks.cancel_links as c join time_locks.locks as l on l.id = c.lock_id
         where c.digest = ${digestOf(token)} and c.used_at is null and l.kind = ${kind} and l.state = 'active'`,
  )

/**
 * Uses a link up: cancels its lock and contests the subject, so that whoever armed it cannot simply arm again.
 * `undefined`: the link was used, or its lock ended; nothing happens.
 */
export async function useCancelLink(
  tx: Statements,
  policy: LockPolicy,
  token: string,
): Promise<LinkedLock | undefined> {
  const linked = await findLinkedLock(tx, policy, token)
  if (!linked || !(await endLock(tx, policy, { lockId: linked.lockId, as: 'cancelled' }))) return undefined
  await tx.run(sql`update time_locks.cancel_links set used_at = strongroom.now() where digest = ${digestOf(token)}`)
  await contestSubject(tx, policy, linked.subject)
  await recordEvent(tx, lockContested, { subject: linked.subject, detail: { kind: policy.kind, lock: linked.lockId } })
  return linked
}

const digestOf = (token: string): Uint8Array => sha256(toUtf8(token))
