import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { faceRegistered } from '../users/events.ts'

const faceRow = z.object({ registeredAt: column.instant.nullable() })

export const findFace = (statements: Statements, userId: string) =>
  statements.maybe(faceRow, sql`select registered_at as "registeredAt" from key_shares.faces where user_id = ${userId}`)

/** Before the face service is asked. False where an enrolment was begun before. */
export const beginFace = async (statements: Statements, userId: string): Promise<boolean> =>
  (await statements.run(sql`insert into key_shares.faces (user_id) values (${userId}) on conflict do nothing`)) === 1

/** Where the face service said no: nothing is kept there. */
export const dropBegun = (statements: Statements, userId: string): Promise<number> =>
  statements.run(sql`delete from key_shares.faces where user_id = ${userId} and registered_at is null`)

/** When, or `undefined` where another request was faster. */
export const markRegistered = async (tx: Statements, userId: string): Promise<Date | undefined> => {
  const row = await tx.maybe(
    z.object({ at: column.instant }),
    // Another attempt may have been refused meanwhile, and have taken back that one was begun.
    sql`insert into key_shares.faces as f (user_id, registered_at) values (${userId}, strongroom.now())
        on conflict (user_id) do update set registered_at = excluded.registered_at where f.registered_at is null
        returning registered_at as at`,
  )
  if (row) {
    await tx.run(
      appendEvent(faceRegistered, { subject: userId, detail: sql`'{}'::jsonb`, from: sql`(select 1) as registered` }),
    )
  }
  return row?.at
}

/** False where the very scan was shown before, by whomever. */
export const rememberScan = async (statements: Statements, digest: Uint8Array): Promise<boolean> =>
  (await statements.run(sql`insert into key_shares.face_scans (digest) values (${digest}) on conflict do nothing`)) ===
  1

export const forgetScan = (statements: Statements, digest: Uint8Array): Promise<number> =>
  statements.run(sql`delete from key_shares.face_scans where digest = ${digest}`)

export const purgeScans = (statements: Statements, seconds: number): Promise<number> =>
  statements.run(sql`delete from key_shares.face_scans where at < strongroom.now() - make_interval(secs => ${seconds})`)
