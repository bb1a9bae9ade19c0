import { addJob } from '@strongroom/jobs'
import type { PreparedLock } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { completeReset } from '../jobs.ts'

/** A worker that was away does not complete what nobody waits for any more. */
const PATIENCE_SECONDS = 60

const completionRow = z.object({
  keyId: z.uuid(),
  lockId: z.uuid(),
  codeId: z.uuid(),
  pinEpoch: column.count,
  verifier: column.bytes,
  envelope: column.bytes,
})
export type Completion = z.output<typeof completionRow>

export type Proved = Omit<Completion, keyof PreparedLock>

/** One statement: what the worker needs, and its job. */
export const requestCompletion = (
  tx: Statements,
  id: string,
  { keyId, lockId, codeId, pinEpoch, verifier, envelope }: Proved & PreparedLock,
) =>
  tx.run(sql`
    with wanted as (
      insert into pin_keys.completions (id, key_id, lock_id, code_id, pin_epoch, verifier, envelope)
      values (${id}, ${keyId}, ${lockId}, ${codeId}, ${pinEpoch}, ${verifier}, ${envelope}) returning id
    ) select ${addJob(completeReset, { completionId: id })} from wanted`)

export const findPending = (statements: Statements, id: string): Promise<Completion | undefined> =>
  statements.maybe(
    completionRow,
    sql`select key_id as "keyId", lock_id as "lockId", code_id as "codeId", pin_epoch as "pinEpoch", verifier, envelope
          from pin_keys.completions
         where id = ${id} and state = 'pending' and requested_at > strongroom.now() - make_interval(secs => ${PATIENCE_SECONDS})`,
  )

export type CompletionState = 'pending' | 'done' | 'refused' | 'withdrawn'
const stateRow = z.object({ state: z.enum(['pending', 'done', 'refused', 'withdrawn']) })

export const completionState = async (statements: Statements, id: string): Promise<CompletionState> =>
  (await statements.maybe(stateRow, sql`select state from pin_keys.completions where id = ${id}`))?.state ?? 'refused'

/** Settles a pending completion; false where somebody else did. The prepared lock is of no more use, so it goes. */
export const settleCompletion = async (
  tx: Statements,
  id: string,
  state: 'done' | 'refused' | 'withdrawn',
): Promise<boolean> =>
  (await tx.run(
    sql`update pin_keys.completions set state = ${state}, envelope = '' where id = ${id} and state = 'pending'`,
  )) === 1

export const findCopy = async (statements: Statements, keyId: string): Promise<Uint8Array | undefined> =>
  (
    await statements.maybe(
      z.object({ envelope: column.bytes }),
      sql`select envelope from pin_keys.recovery_copies where key_id = ${keyId}`,
    )
  )?.envelope

/** Notes that a user proved a code for a new PIN; answers how many users of late want that very PIN. */
export async function confirmReset(
  tx: Statements,
  { keyId, userId, verifier, seconds }: { keyId: string; userId: string; verifier: Uint8Array; seconds: number },
): Promise<number> {
  await tx.run(sql`
    insert into pin_keys.confirmations (key_id, user_id, verifier) values (${keyId}, ${userId}, ${verifier})
    on conflict (key_id, user_id) do update set at = strongroom.now(), verifier = excluded.verifier`)
  return countConfirmations(tx, { keyId, verifier, seconds })
}

/** How many users proved a code of late for that very PIN. */
export async function countConfirmations(
  tx: Statements,
  { keyId, verifier, seconds }: { keyId: string; verifier: Uint8Array; seconds: number },
): Promise<number> {
  const { users } = await tx.one(
    z.object({ users: column.count }),
    sql`select count(*) as users
          from pin_keys.confirmations as c join pin_keys.users as u on u.id = c.user_id and u.removed_at is null
         where c.key_id = ${keyId} and c.verifier = ${verifier}
           and c.at > strongroom.now() - make_interval(secs => ${seconds})`,
  )
  return users
}

export const purgeCompletions = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from pin_keys.completions where requested_at < strongroom.now() - interval '1 day'`)
