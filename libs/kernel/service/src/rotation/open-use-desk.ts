import { type KeyNeed, type KeyRecord, openKeystore, refuseRing, type UseJob } from '@strongroom/hsm'
import type { MacColumn } from '@strongroom/jobs'
import { auditKeyNeed } from '@strongroom/audit'
import { alone, openDatabase } from '@strongroom/storage'
import { raiseEpoch } from '../epoch.ts'
import { assertMigrated } from '../foundations.ts'
import { ownKeys, recordedKeys } from '../key-registry.ts'
import { kernelSettings, provisionSettings } from '../kernel-settings.ts'
import type { Log } from '../log.ts'
import type { Service } from '../service.ts'
import { readSettings, type Settings, textOf } from '../settings.ts'
import { ownTokens } from '../token.ts'
import { KeyRefused } from './key-desk.ts'
import type { UseDesk, UseVersion } from './use-desk.ts'
import { findNeeds, type Needing } from './use-needs.ts'
import { describeUse, editionsOf, type UseName } from './use-versions.ts'
import type { AppTokens } from './publish.ts'
import { activateUse, destroyUse, publishUse } from './rotate-use.ts'

/**
 * Where an operator rotates MAC keys, by what `provision` reads; one at a time, and never beside a provisioning. Throws
 * `BadSettings`, `NeedsProvisioning`, and what the token throws.
 */
export const openMacDesk = <S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<UseDesk> => openUseDesk('mac', { service, env, log })

/** The same for signing keys, on the first token: those whose public halves are published and nowhere pinned. */
export const openSigningDesk = <S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<UseDesk> => openUseDesk('sign', { service, env, log })

interface Opening<S extends Settings> {
  readonly service: Service<S>
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

async function openUseDesk<S extends Settings>(job: UseJob, { service, env, log }: Opening<S>): Promise<UseDesk> {
  const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
  const migratorUrl = textOf(settings.MIGRATOR_DATABASE_URL)
  const database = openDatabase({ connectionString: migratorUrl, connections: 2, statementTimeout: 0 })
  const app = service.name
  const tokens = ownTokens(app, settings, database)
  const { indexes = [] } = service
  try {
    refuseRing(tokens, settings.HSM_MIN_RECIPIENTS)
    await assertMigrated(service, database)
  } catch (error) {
    await database.close()
    throw error
  }
  const uses = [...service.keys, auditKeyNeed].filter((need) => need.job === job)
  const onlyMe = <T>(use: string, work: (rotation: Rotation) => Promise<T>) =>
    alone(migratorUrl, () => work(rotationOf(uses, { job, use })))
  return {
    async status() {
      const keys = ownKeys(await recordedKeys(database))
      return Promise.all(
        uses.map(async ({ use, rotates = 'fixed' }) => ({
          use,
          rotates,
          versions: await versionsOf(keys, {
            job,
            use,
            rotates,
            indexes,
            find: (needing) => findNeeds(database, needing),
          }),
        })),
      )
    },
    publish: (use) =>
      onlyMe(use, async () => {
        const version = await publishUse(database, { app, tokens, job, use })
        log.info('key version published', { job, use, version })
        return { version }
      }),
    activate: (use) =>
      onlyMe(use, async () => {
        const version = await activateUse(database, { app, tokens, job, use })
        await raise(tokens)
        log.info('key version active', { job, use, version })
        return { version }
      }),
    destroy: (use, version) =>
      onlyMe(use, async (rotation) => {
        await destroyUse(database, { app, tokens, job, use, version, ...rotation, indexes })
        log.info('key version destroyed', { job, use, version })
      }),
    close: () => database.close(),
  }

  async function raise(on: AppTokens): Promise<void> {
    const hsm = await openKeystore({ tokens: on, keys: [] })
    try {
      await raiseEpoch({ database, hsm })
    } finally {
      await hsm.close()
    }
  }
}

interface Counting extends Pick<Needing, 'job' | 'use' | 'rotates'> {
  readonly indexes: readonly MacColumn[]
  readonly find: (needing: Needing) => Promise<UseVersion['needed']>
}

/** Only of versions that are to go is it counted who needs them. */
const versionsOf = (
  keys: readonly KeyRecord[],
  { job, use, rotates, indexes, find }: Counting,
): Promise<UseVersion[]> =>
  Promise.all(
    editionsOf(keys, { job, use }).map(async ({ version, state }) => ({
      version,
      state,
      needed: state === 'retired' ? await find({ job, use, version, rotates, indexes }) : [],
    })),
  )

type Rotation = Pick<Needing, 'rotates' | 'passesAfter'>

/** Throws `KeyRefused` of what cannot be rotated. */
function rotationOf(uses: readonly KeyNeed[], name: UseName): Rotation {
  const need = uses.find((one) => one.use === name.use)
  if (need === undefined) {
    const declared = uses.map((one) => one.use).join(', ')
    const what = `${describeUse(name)} is not declared`
    throw new KeyRefused('unknown-use', { what, remedy: `name one of: ${declared}` })
  }
  const { rotates = 'fixed', passesAfter } = need
  if (rotates !== 'fixed') return { rotates, ...(passesAfter !== undefined && { passesAfter }) }
  throw new KeyRefused('fixed-use', {
    what:
      name.job === 'mac'
        ? `what ${describeUse(name)} makes are names that other values are bound to, or stamps that do not pass`
        : `others verify by ${describeUse(name)} as they once saw it`,
    remedy: 'it is kept for the life of the app; only moving the app to new tables would change it',
  })
}
