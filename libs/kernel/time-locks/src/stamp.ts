import { encodeTuple, equalBytes } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, type Database, sql } from '@strongroom/storage'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Lock, LockPolicy } from './policy.ts'
import type { Held } from './store.ts'

/** The MAC key of locks, on the app's token. */
export const LOCK_USE = 'time-lock'

const HALF = 32

type Facts = Pick<Lock, 'id' | 'subject' | 'holder' | 'opensAt'>

async function stampOf(
  hsm: Keystore,
  { kind }: LockPolicy,
  { id, subject, holder, opensAt }: Facts,
): Promise<Uint8Array> {
  const mac = await hsm.mac(LOCK_USE, encodeTuple(kind, id, subject, holder, opensAt.toISOString()))
  return mac.subarray(0, HALF)
}

/** A lock that is ready to be armed: when it opens is fixed, and vouched for by the token. */
export interface DrawnLock extends Held {
  readonly id: string
  readonly armedAt: Date
  readonly opensAt: Date
  readonly stamp: Uint8Array
}

/** Draws a lock, before the transaction that arms it: the token is asked, by the database's time. */
export async function drawLock(
  { database, hsm }: { database: Database; hsm: Keystore },
  policy: LockPolicy,
  { subject, holder }: Held,
): Promise<DrawnLock> {
  const { at: armedAt } = await database.reading.one(
    z.object({ at: column.instant }),
    sql`select strongroom.now() as at`,
  )
  const facts = { id: randomUUID(), subject, holder, opensAt: new Date(armedAt.getTime() + policy.delay * 1000) }
  return { ...facts, armedAt, stamp: await stampOf(hsm, policy, facts) }
}

/** Whether the lock is one that we drew, as we drew it. Nothing may follow from one that is not. */
export const isGenuine = async (hsm: Keystore, policy: LockPolicy, lock: Lock): Promise<boolean> =>
  lock.stamp !== null && equalBytes(lock.stamp, await stampOf(hsm, policy, lock))
