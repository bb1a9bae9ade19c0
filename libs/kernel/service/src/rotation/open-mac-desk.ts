import { type KeyNeed, type KeyRecord, type MacRotation, openKeystore, refuseRing } from '@strongroom/hsm'
import type { MacColumn } from '@strongroom/jobs'
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
import type { MacDesk, MacVersion } from './mac-desk.ts'
import { findNeeds, type Needing } from './mac-needs.ts'
import { editionsOf } from './mac-versions.ts'
import type { AppTokens } from './publish.ts'
import { activateMac, destroyMac, publishMac } from './rotate-mac.ts'

/**
 * Where an operator rotates MAC keys, by what `provision` reads; one at a time, and never beside a provisioning. Throws
 * `BadSettings`, `NeedsProvisioning`, and what the token throws.
 */
export async function openMacDesk<S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<MacDesk> {
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
  const uses = service.keys.filter(({ job }) => job === 'mac')
  const onlyMe = <T>(use: string, work: (rotates: MacRotation) => Promise<T>) =>
    alone(migratorUrl, () => work(rotationOf(uses, use)))
  return {
    async status() {
      const keys = ownKeys(await recordedKeys(database))
      return Promise.all(
        uses.map(async ({ use, rotates = 'fixed' }) => ({
          use,
          rotates,
          versions: await versionsOf(keys, { use, rotates, indexes, find: (needing) => findNeeds(database, needing) }),
        })),
      )
    },
    publish: (use) =>
      onlyMe(use, async () => {
        const version = await publishMac(database, { app, tokens, use })
        log.info('MAC key version published', { use, version })
        return { version }
      }),
    activate: (use) =>
      onlyMe(use, async () => {
        const version = await activateMac(database, { app, tokens, use })
        await raise(tokens)
        log.info('MAC key version active', { use, version })
        return { version }
      }),
    destroy: (use, version) =>
      onlyMe(use, async (rotates) => {
        await destroyMac(database, { app, tokens, use, version, rotates, indexes })
        log.info('MAC key version destroyed', { use, version })
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

interface Counting extends Pick<Needing, 'use' | 'rotates'> {
  readonly indexes: readonly MacColumn[]
  readonly find: (needing: Needing) => Promise<MacVersion['needed']>
}

/** Only of versions that are to go is it counted who needs them. */
const versionsOf = (keys: readonly KeyRecord[], { use, rotates, indexes, find }: Counting): Promise<MacVersion[]> =>
  Promise.all(
    editionsOf(keys, use).map(async ({ version, state }) => ({
      version,
      state,
      needed: state === 'retired' ? await find({ use, version, rotates, indexes }) : [],
    })),
  )

/** Throws `KeyRefused` of what cannot be rotated. */
function rotationOf(uses: readonly KeyNeed[], use: string): MacRotation {
  const need = uses.find((one) => one.use === use)
  if (need === undefined) {
    const declared = uses.map((one) => one.use).join(', ')
    throw new KeyRefused('unknown-use', { what: `no MAC key "${use}" is declared`, remedy: `name one of: ${declared}` })
  }
  const { rotates = 'fixed' } = need
  if (rotates !== 'fixed') return rotates
  throw new KeyRefused('fixed-use', {
    what: `what the MAC key "${use}" makes are names that other values are bound to, or stamps that do not pass`,
    remedy: 'it is kept for the life of the app; only moving the app to new tables would change it',
  })
}
