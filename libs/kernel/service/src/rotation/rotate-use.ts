import { recordEvent } from '@strongroom/audit'
import { destroyKeys, HsmRefusal, type KeyRecord, loadable, publishMacKey, publishSigningKey } from '@strongroom/hsm'
import type { Database, Statements } from '@strongroom/storage'
import { epochOf } from '../epoch.ts'
import { ownKeys, recordedKeys, recordKey } from '../key-registry.ts'
import {
  macActivated,
  macDestroyed,
  macPublished,
  signingActivated,
  signingDestroyed,
  signingPublished,
} from './events.ts'
import { KeyRefused } from './key-desk.ts'
import { type Needing, refuseNeeded, requireRest } from './use-needs.ts'
import {
  activateEdition,
  bringEditionBack,
  describeUse,
  doomEdition,
  editionOf,
  editionsOf,
  forgetEdition,
  isEditionDoomed,
  type UseName,
  withdrawEdition,
} from './use-versions.ts'
import { type AppTokens, withTokensAtHand } from './publish.ts'
import { awaitReplicas, requireReplicas } from './require-replicas.ts'

interface Rotating extends UseName {
  readonly app: string
  readonly tokens: AppTokens
}

const events = {
  mac: { published: macPublished, activated: macActivated, destroyed: macDestroyed },
  sign: { published: signingPublished, activated: signingActivated, destroyed: signingDestroyed },
} as const

const makers = { mac: publishMacKey, sign: publishSigningKey } as const

/** On every token or on none that is recorded: what a crash left on one is found again, by its label. */
export async function publishUse(database: Database, { app, tokens, job, use }: Rotating): Promise<number> {
  const existing = await recordedOwn(database)
  const [newest] = editionsOf(existing, { job, use })
  const epoch = await epochOf(database)
  const version = newest?.state === 'published' ? newest.version : (newest?.version ?? 0) + 1
  const made = await withTokensAtHand(() =>
    refusingFound(() => makers[job]({ tokens, existing: loadable(existing), use, version, epoch })),
  )
  if (made.length > 0) {
    await database.transaction(async (tx) => {
      for (const key of made) await recordKey(tx, key)
      await recordEvent(tx, events[job].published, { subject: app, detail: { use, version } })
    })
  }
  return version
}

/** In one transaction with the look at the replicas. */
export const activateUse = (database: Database, { app, tokens, job, use }: Rotating): Promise<number> =>
  database.transaction(async (tx) => {
    const [newest] = editionsOf(await recordedOwn(tx), { job, use })
    if (newest === undefined || newest.state === 'retired' || newest.state === 'destroying') {
      throw new KeyRefused('nothing-published', { what: 'no version is published', remedy: 'publish one first' })
    }
    if (newest.state === 'active') return newest.version
    if (job === 'mac' && newest.records.length < tokens.length) {
      throw new KeyRefused('version-incomplete', {
        what: `version ${String(newest.version)} of ${describeUse({ job, use })} is not on every token`,
        remedy: 'provision with every token at hand',
      })
    }
    await requireReplicas(tx)
    await activateEdition(tx, { job, use, version: newest.version })
    await recordEvent(tx, events[job].activated, { subject: app, detail: { use, version: newest.version } })
    return newest.version
  })

/** The steps of a version of seal keys: withdrawn, looked for once more, doomed, destroyed, forgotten; each bears repeating. */
export async function destroyUse(database: Database, { app, tokens, ...needing }: Rotating & Needing): Promise<void> {
  const { job, use, version } = needing
  const found = editionOf(await recordedOwn(database), needing)
  if (found.state === 'retired') {
    await requireRest(database, needing)
    await requireReplicas(database)
    await refuseNeeded(database, needing)
    await withdrawEdition(database, needing)
  } else if (found.state !== 'destroying') {
    throw new KeyRefused('not-retired', {
      what: `version ${String(version)} of ${describeUse(needing)} is ${found.state}`,
      remedy: found.state === 'active' ? 'publish and activate another one first' : 'activate it or leave it',
    })
  }
  if (!(await isEditionDoomed(database, needing))) await doom(database, needing)
  await withTokensAtHand(() =>
    refusingFound(async () => destroyKeys({ tokens, existing: await recordedOwn(database), doomed: found.records })),
  )
  await database.transaction(async (tx) => {
    await forgetEdition(tx, needing)
    await recordEvent(tx, events[job].destroyed, { subject: app, detail: { use, version } })
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
