import { column, sql, type Statements } from '@strongroom/storage'
import { isLocked, type LockPolicy } from '@strongroom/time-locks'
import { z } from 'zod'
import type { KeyEpoch } from './rules.ts'

const keyRow = z.object({
  pinEpoch: column.count,
  verifier: column.bytes,
  envelope: column.bytes,
  /** Whether somebody is waiting to reset the PIN. */
  resetting: z.boolean(),
})
export type KeyRow = z.output<typeof keyRow>

export const findKey = (statements: Statements, resets: LockPolicy, keyId: string): Promise<KeyRow | undefined> =>
  statements.maybe(
    keyRow,
    sql`select pin_epoch as "pinEpoch", verifier, envelope, ${isLocked(resets, sql`${keyId}`)} as resetting
          from pin_keys.keys where id = ${keyId}`,
  )

/** Whether there is the key; nobody erases it before the transaction ends. Before its users are held, as who erases it does. */
export const holdKey = async (tx: Statements, keyId: string): Promise<boolean> =>
  (await tx.maybe(z.object({}), sql`select from pin_keys.keys where id = ${keyId} for key share`)) !== undefined

/** Whether the PIN that was proved is still the key's; if so, neither changes before the transaction ends. */
export const holdEpoch = async (tx: Statements, { keyId, pinEpoch }: KeyEpoch): Promise<boolean> =>
  (await tx.maybe(
    z.object({}),
    sql`select from pin_keys.keys where id = ${keyId} and pin_epoch = ${pinEpoch} for share`,
  )) !== undefined
