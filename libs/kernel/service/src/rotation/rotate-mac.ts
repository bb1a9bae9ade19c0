import { recordEvent } from '@strongroom/audit'
import { destroyKeys, HsmRefusal, type KeyRecord, loadable, publishMacKey } from '@strongroom/hsm'
import type { Database, Statements } from '@strongroom/storage'
import { epochOf } from '../epoch.ts'
import { ownKeys, recordedKeys, recordKey } from '../key-registry.ts'
import { macActivated, macDestroyed, macPublished } from './events.ts'
import { KeyRefused } from './key-desk.ts'
import { type Needing, refuseNeeded, requireRest } from './mac-needs.ts'
import {
  activateEdition,
  bringEditionBack,
  doomEdition,
  editionOf,
  editionsOf,
  forgetEdition,
  isEditionDoomed,
  withdrawEdition,
} from './mac-versions.ts'
import { type AppTokens, withTokensAtHand } from './publish.ts'
import { awaitReplicas, requireReplicas } from './require-replicas.ts'

interface Rotating {
  readonly app: string
  readonly tokens: AppTokens
  readonly use: string
}

/** On every token or on none that is recorded: what a crash left on one is found again, by its label. */
export async function publishMac(database: Database, { app, tokens, use }: Rotating): Promise<number> {
  const existing = await recordedOwn(database)
  const [newest] = editionsOf(existing, use)
  const epoch = await epochOf(database)
  const version = newest?.state === 'published' ? newest.version : (newest?.version ?? 0) + 1
  const made = await withTokensAtHand(() =>
    refusingFound(() => publishMacKey({ tokens, existing: loadable(existing), use, version, epoch })),
  )
  if (made.length > 0) {
    await database.transaction(async (tx) => {
      for (const key of made) await recordKey(tx, key)
      await recordEvent(tx, macPublished, { subject: app, detail: { use, version } })
    })
  }
  return version
}

/** In one transaction with the look at the replicas. */
export const activateMac = (database: Database, { app, tokens, use }: Rotating): Promise<number> =>
  database.transaction(async (tx) => {
    const [newest] = editionsOf(await recordedOwn(tx), use)
    if (newest === undefined || newest.state === 'retired' || newest.state === 'destroying') {
      throw new KeyRefused('nothing-published', { what: 'no version is published', remedy: 'publish one first' })
    }
    if (newest.state === 'active') return newest.version
    if (newest.records.length < tokens.length) {
      throw new KeyRefused('version-incomplete', {
        what: `version ${String(newest.version)} of the MAC key "${use}" is not on every token`,
        remedy: 'provision with every token at hand',
      })
    }
    await requireReplicas(tx)
    await activateEdition(tx, { use, version: newest.version })
    await recordEvent(tx, macActivated, { subject: app, detail: { use, version: newest.version } })
    return newest.version
  })

/** The steps of a version of seal keys: withdrawn, looked for once more, doomed, destroyed, forgotten; each bears repeating. */
export async function destroyMac(
  database: Database,
  { app, tokens, ...needing }: Omit<Rotating, 'use'> & Needing,
): Promise<void> {
  const { use, version } = needing
  const found = editionOf(await recordedOwn(database), needing)
  if (found.state === 'retired') {
    await requireRest(database, needing)
    await requireReplicas(database)
    await refuseNeeded(database, needing)
    await withdrawEdition(database, needing)
  } else if (found.state !== 'destroying') {
    throw new KeyRefused('not-retired', {
      what: `version ${String(version)} of the MAC key "${use}" is ${found.state}`,
      remedy: found.state === 'active' ? 'publish and activate another one first' : 'activate it or leave it',
    })
  }
  if (!(await isEditionDoomed(database, needing))) await doom(database, needing)
  await withTokensAtHand(() =>
    refusingFound(async () => destroyKeys({ tokens, existing: await recordedOwn(database), doomed: found.records })),
  )
  await database.transaction(async (tx) => {
    await forgetEdition(tx, needing)
    await recordEvent(tx, macDestroyed, { subject: app, detail: { use, version } })
  })
}

/** Until here nothing is lost, and everything can be brought back. */
async function doom(database: Database, needing: Needing): Promise<void> {
  await awaitReplicas(database)
  try {
    await refuseNeeded(database, needing)
  } catch (error) {
    await bringEditionBack(database, needing)
    throw error
  }
  await doomEdition(database, needing)
}

const recordedOwn = async (statements: Statements): Promise<KeyRecord[]> => ownKeys(await recordedKeys(statements))

/** Throws `KeyRefused` for a key that the operator named. */
async function refusingFound<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HsmRefusal) || error.reason !== 'key-unfit') throw error
    throw new KeyRefused('found-keys', {
      what: error.message,
      remedy: 'a key that you named is not rotated by the app',
    })
  }
}
