import { recordEvent } from '@strongroom/audit'
import { assertOurs, destroyKeys, HsmRefusal, type KeyRecord } from '@strongroom/hsm'
import { type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { epochOf } from '../epoch.ts'
import { ownKeys, recordedKeys } from '../key-registry.ts'
import { versionDestroyed } from './events.ts'
import { type Destroyed, KeyRefused, type References } from './key-desk.ts'
import {
  bringVersionBack,
  doomVersion,
  forgetVersion,
  type KekVersion,
  versionOf,
  withdrawVersion,
} from './key-versions.ts'
import { type AppTokens, withTokensAtHand } from './publish.ts'
import { findReferences } from './references.ts'
import { awaitReplicas, requireQuiet } from './require-replicas.ts'

interface Doomed {
  readonly app: string
  readonly tokens: AppTokens
  readonly version: number
}

/**
 * Each step is committed before the next, and taken again where a crash came between: withdrawn, so that nobody loads it;
 * looked for once more; doomed, so that a look which found something can bring it back only before; destroyed; forgotten.
 */
export async function destroyVersion(database: Database, { app, tokens, version }: Doomed): Promise<Destroyed> {
  const found = versionOf(await recordedOwn(database), version)
  assertOwn(found, app)
  if (found.state === 'retired') await withdraw(database, found)
  else if (found.state !== 'destroying') throw notRetired(found)
  if (!(await isDoomed(database, version))) await doom(database, found)
  const destroyed = await withTokensAtHand(async () =>
    destroyKeys({
      tokens,
      existing: await recordedOwn(database),
      doomed: found.records,
      epoch: await epochOf(database),
    }),
  )
  await database.transaction(async (tx) => {
    const keys = await forgetVersion(tx, version)
    await recordEvent(tx, versionDestroyed, { subject: app, detail: { version, keys } })
  })
  const [{ tokenLabel: first }] = tokens
  return { version, destroyed: destroyed.map(({ token = first, label }) => ({ token, label })) }
}

const recordedOwn = async (statements: Statements): Promise<KeyRecord[]> => ownKeys(await recordedKeys(statements))

async function withdraw(database: Database, found: KekVersion): Promise<void> {
  await requireQuiet(database, await quietSeconds(database, found.version))
  refuseReferences(await findReferences(database, found))
  await withdrawVersion(database, found.version)
}

/** Until here nothing is lost, and everything can be brought back. */
async function doom(database: Database, found: KekVersion): Promise<void> {
  await awaitReplicas(database)
  const references = await findReferences(database, found)
  if (references.rows > 0) await bringVersionBack(database, found.version)
  refuseReferences(references)
  await doomVersion(database, found.version)
}

const isDoomed = async (statements: Statements, version: number): Promise<boolean> =>
  (await statements.run(
    sql`select from keystore.keys where version = ${version} and state = 'destroying' and doomed_at is not null`,
  )) > 0

const quiet = z.object({ seconds: z.number() })

/** Since the version sealed nothing and no pass has replaced a value: whoever read one before has opened it by now. */
const quietSeconds = async (statements: Statements, version: number): Promise<number> =>
  (
    await statements.one(
      quiet,
      sql`select extract(epoch from now() - greatest(
                   (select max(retired_at) from keystore.keys where version = ${version} and state = 'retired'),
                   (select max(finished_at) from keystore.rewraps)))::float8 as seconds`,
    )
  ).seconds

function assertOwn({ records }: KekVersion, app: string): void {
  try {
    for (const record of records) assertOurs(record, app)
  } catch (error) {
    if (!(error instanceof HsmRefusal)) throw error
    throw new KeyRefused('found-keys', {
      what: error.message,
      remedy: 'leave the version retired: it opens what is left, and seals nothing',
      details: records.map(({ label }) => label),
    })
  }
}

const notRetired = ({ version, state }: KekVersion): KeyRefused =>
  new KeyRefused('not-retired', {
    what: `version ${String(version)} is ${state}`,
    remedy: state === 'active' ? 'publish and activate another one first' : 'activate it or leave it',
  })

function refuseReferences({ version, rows, columns }: References): void {
  if (rows === 0) return
  throw new KeyRefused('still-referred-to', {
    what: `${String(rows)} values are sealed by version ${String(version)}`,
    remedy: 'rewrap, or wait until the short-lived ones are gone',
    details: columns.map((one) => `${one.table}.${one.column}: ${String(one.rows)}`),
  })
}
