import { appendEvent, recordEvent } from '@strongroom/audit'
import { closeBudget, openBudget, renewBudget } from '@strongroom/guesses'
import type { LockedKey } from '@strongroom/hsm'
import { sql, type Statements } from '@strongroom/storage'
import type { KeyEpoch } from '../pins/rules.ts'
import type { Policies } from '../policies.ts'
import { keyCreated, keyErased, pinChanged } from './events.ts'

/** One statement: the key, its budget of guesses and the event, or none of them. */
export const insertKey = (
  statements: Statements,
  { pins }: Policies,
  { keyId, verifier, envelope }: { keyId: string } & LockedKey,
): Promise<number> =>
  statements.run(sql`
    with key as (
      insert into pin_keys.keys (id, verifier, envelope) values (${keyId}, ${verifier}, ${envelope}) returning id
    ), budget as (${openBudget(pins, keyId)})
    ${appendEvent(keyCreated, { subject: keyId, detail: sql`'{}'::jsonb`, from: sql`key` })}`)

/** Puts the key under the lock of the next epoch. False where another change, or the erasure, came first: nothing is done. */
export async function replaceLock(
  tx: Statements,
  { pins }: Policies,
  { keyId, pinEpoch, verifier, envelope }: KeyEpoch & LockedKey,
): Promise<boolean> {
  const changed = await tx.run(sql`
    update pin_keys.keys
       set verifier = ${verifier}, envelope = ${envelope}, pin_epoch = pin_epoch + 1, pin_changed_at = strongroom.now()
     where id = ${keyId} and pin_epoch = ${pinEpoch - 1}`)
  if (changed === 0) return false
  await tx.run(renewBudget(pins, keyId))
  await recordEvent(tx, pinChanged, { subject: keyId, detail: { pinEpoch } })
  return true
}

/** False where the PIN was changed, or the key erased, since it was proved: nothing is done. */
export async function deleteKey(tx: Statements, { pins }: Policies, { keyId, pinEpoch }: KeyEpoch): Promise<boolean> {
  const deleted = await tx.run(sql`delete from pin_keys.keys where id = ${keyId} and pin_epoch = ${pinEpoch}`)
  if (deleted === 0) return false
  await tx.run(closeBudget(pins, keyId))
  await recordEvent(tx, keyErased, { subject: keyId, detail: {} })
  return true
}
