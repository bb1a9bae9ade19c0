import { setTimeout as delay } from 'node:timers/promises'
import type { Statements } from '@strongroom/storage'
import { KeyRefused } from './key-desk.ts'
import { livingReplicas, newestGeneration } from './replicas.ts'

/** How long what a replica sealed may be on its way to the database: longer than a statement, or a transaction, may take. */
const ON_ITS_WAY_SECONDS = 60

/** Answers how many there are. Throws `KeyRefused` where one that lives has not loaded the newest keys. */
export async function requireReplicas(statements: Statements): Promise<number> {
  const newest = await newestGeneration(statements)
  const replicas = await livingReplicas(statements)
  const behind = replicas.filter(({ generation }) => generation < newest)
  if (behind.length === 0) return replicas.length
  throw new KeyRefused('replicas-behind', {
    what: `${String(behind.length)} of ${String(replicas.length)} processes have not loaded the newest keys`,
    remedy:
      'wait a few seconds; one that stays behind says in its log why, and one that ended counts as gone after a minute',
    details: behind.map(({ name, id }) => `${name} (${id})`),
  })
}

const TRIES = 40
const BETWEEN_TRIES_MS = 500

/** As `requireReplicas`, but they have 20 seconds. */
export async function awaitReplicas(statements: Statements): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await requireReplicas(statements)
      return
    } catch (error) {
      if (tries === TRIES || !(error instanceof KeyRefused)) throw error
      await delay(BETWEEN_TRIES_MS)
    }
  }
}

/**
 * Nobody has sealed by an older version for so long that nothing of it is still on its way to the database.
 * Throws `KeyRefused`.
 */
export async function requireQuiet(statements: Statements, seconds: number): Promise<void> {
  await requireReplicas(statements)
  const replicas = await livingReplicas(statements)
  const quiet = Math.min(seconds, ...replicas.map(({ steadySeconds }) => steadySeconds))
  if (quiet >= ON_ITS_WAY_SECONDS) return
  throw new KeyRefused('too-soon', {
    what: 'values that were sealed before may be on their way to the database',
    remedy: `try again in ${String(Math.ceil(ON_ITS_WAY_SECONDS - quiet))} seconds`,
  })
}
