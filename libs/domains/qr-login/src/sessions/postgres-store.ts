import { type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { limitName } from './limit-name.ts'
import type { Session, SessionStore } from './store.ts'

const text = z
  .string()
  .nullable()
  .transform((found) => found ?? undefined)
const sessionRow = z.object({
  id: z.uuid(),
  publicKey: z.string(),
  status: z.enum(['pending', 'approved']),
  shortCode: text,
  pollTokenDigest: text,
  encryptedPayload: text,
  approverDid: text,
})
const codeRow = sessionRow.pick({ id: true, publicKey: true, status: true })
const created = z.object({ outcome: z.enum(['created', 'code-taken', 'full']) })
const approved = z.object({ outcome: z.enum(['approved', 'already-approved', 'missing']) })
const taken = z.object({ payload: z.string() })
const counted = z.object({ taken: z.int() })

/** Sessions in unlogged tables: no second server to run, and exact over any number of processes. */
export function postgresStore(database: Pick<Database, 'reading'> & Statements): SessionStore {
  return {
    async create({ id, shortCode, publicKey, pollTokenDigest }, { most, lifetime }) {
      const { outcome } = await database.one(
        created,
        sql`select qr_login.create_session(${id}::uuid, ${shortCode}::text, ${publicKey}::text,
              ${pollTokenDigest ?? null}::text, ${most}::int, ${lifetime}::int) as outcome`,
      )
      return outcome
    },
    find: (id) => findSession(database.reading, id),
    findByCode: (shortCode) =>
      database.reading.maybe(
        codeRow,
        sql`select id, public_key as "publicKey", status from qr_login.sessions
             where short_code = ${shortCode} and expires_at > strongroom.now()`,
      ),
    async approve(id, { encryptedPayload, approverDid }, lifetime) {
      const { outcome } = await database.one(
        approved,
        sql`
        with approved as (
          update qr_login.sessions
             set status = 'approved', short_code = null, encrypted_payload = ${encryptedPayload},
                 approver_did = ${approverDid}, expires_at = strongroom.now() + make_interval(secs => ${lifetime})
           where id = ${id} and status = 'pending' and expires_at > strongroom.now()
          returning id
        )
        select case when exists (select from approved) then 'approved'
                    when exists (select from qr_login.sessions where id = ${id} and expires_at > strongroom.now())
                    then 'already-approved' else 'missing' end as outcome`,
      )
      return outcome
    },
    async takePayload(id) {
      const found = await database.maybe(
        taken,
        // Whoever comes second waits for the row, finds it without a payload, and gets none.
        sql`
        with held as (
          select id, encrypted_payload from qr_login.sessions
           where id = ${id} and encrypted_payload is not null and expires_at > strongroom.now()
             for update
        ), emptied as (
          update qr_login.sessions as s set encrypted_payload = null from held where s.id = held.id
        )
        select encrypted_payload as payload from held`,
      )
      return found?.payload
    },
    async hit(name, { points, window }) {
      const { taken: count } = await database.one(
        counted,
        sql`
        insert into qr_login.limits as l (name, taken, ends_at)
        values (${limitName(name)}, 1, strongroom.now() + make_interval(secs => ${window}))
            on conflict (name) do update
               set taken = case when l.ends_at <= strongroom.now() then 1 else least(l.taken, ${points}) + 1 end,
                   ends_at = case when l.ends_at <= strongroom.now() then excluded.ends_at else l.ends_at end
        returning taken`,
      )
      return count <= points
    },
  }
}

const findSession = (statements: Statements, id: string): Promise<Session | undefined> =>
  statements.maybe(
    sessionRow,
    sql`select id, public_key as "publicKey", status, short_code as "shortCode", poll_token_digest as "pollTokenDigest",
               encrypted_payload as "encryptedPayload", approver_did as "approverDid"
          from qr_login.sessions where id = ${id} and expires_at > strongroom.now()`,
  )

/** Removes what expired; answers how many rows. Where sessions live in Redis there is nothing, and it costs nothing. */
export async function sweepSessions(database: Statements): Promise<number> {
  // Rows that a request holds are left for the next time, so that this waits for nobody.
  const sessions = await database.run(sql`
    delete from qr_login.sessions where id in (
      select id from qr_login.sessions where expires_at <= strongroom.now() for update skip locked)`)
  const limits = await database.run(sql`
    delete from qr_login.limits where name in (
      select name from qr_login.limits where ends_at <= strongroom.now() for update skip locked)`)
  return sessions + limits
}
