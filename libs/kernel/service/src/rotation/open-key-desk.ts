import { type Keystore, openKeystore, refuseRing, refuseRolledBack } from '@strongroom/hsm'
import { alone, type Database, openDatabase } from '@strongroom/storage'
import { epochOf, raiseEpoch } from '../epoch.ts'
import { assertMigrated } from '../foundations.ts'
import { ownKeys, recordedKeys } from '../key-registry.ts'
import { kernelSettings, provisionSettings } from '../kernel-settings.ts'
import type { Log } from '../log.ts'
import { NeedsProvisioning } from '../needs-provisioning.ts'
import { completeRecoveryKey } from '../recovery-key.ts'
import type { Service } from '../service.ts'
import { readSettings, type Settings, textOf } from '../settings.ts'
import { ownTokens } from '../token.ts'
import { activateNewest } from './activate.ts'
import { destroyVersion } from './destroy.ts'
import { type KeyDesk, KeyRefused } from './key-desk.ts'
import { describeVersion, kekVersions, versionOf } from './key-versions.ts'
import { type AppTokens, publishVersion, withTokensAtHand } from './publish.ts'
import { findReferences } from './references.ts'
import { livingReplicas, newestGeneration } from './replicas.ts'
import { requireReplicas } from './require-replicas.ts'
import { beginPass, progressOf } from './rewrap.ts'

/**
 * Where an operator rotates keys, by what `provision` reads; one at a time, and never beside a provisioning. Throws
 * `BadSettings`, `NeedsProvisioning`, and what the token throws.
 */
export async function openKeyDesk<S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<KeyDesk> {
  const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
  const migratorUrl = textOf(settings.MIGRATOR_DATABASE_URL)
  // Every value may be looked at: that takes as long as it takes.
  const database = openDatabase({ connectionString: migratorUrl, connections: 2, statementTimeout: 0 })
  const app = service.name
  const tokens = ownTokens(app, settings, database)
  try {
    refuseRing(tokens, settings.HSM_MIN_RECIPIENTS)
    await assertMigrated(service, database)
    await assertIdentified(database)
  } catch (error) {
    await database.close()
    throw error
  }
  const onlyMe = <T>(work: () => Promise<T>) => alone(migratorUrl, work)
  return {
    status: () => statusOf(database, { app, tokens }),
    publish: () =>
      onlyMe(async () => {
        const published = await publishVersion(database, { app, tokens, found: settings.HSM_FOUND_KEYS })
        log.info('key version published', { version: published.version, made: published.made.length })
        return published
      }),
    activate: () =>
      onlyMe(() =>
        withKeystore(database, tokens, async (hsm) => {
          const activated = await activateNewest(database, { app, tokens })
          // So that no database from before serves again unnoticed.
          if (activated.outcome === 'activated') await raiseEpoch({ database, hsm })
          log.info('key version active', { version: activated.version })
          return activated
        }),
      ),
    beginRewrap: () =>
      onlyMe(async () => {
        const version = await activeVersion(database)
        await requireReplicas(database)
        await beginPass(database, { app, version, columns: service.sealed })
        // No worker may write it: it is trusted to be genuine.
        await withKeystore(database, tokens, (hsm) => completeRecoveryKey(database, hsm, app))
        return progressOf(database, version)
      }),
    rewrapProgress: async () => progressOf(database, await activeVersion(database)),
    references: async (version) => findReferences(database, versionOf(await recordedKeys(database), version)),
    destroy: (version) =>
      onlyMe(async () => {
        const destroyed = await destroyVersion(database, { app, tokens, version })
        log.info('key version destroyed', { version, keys: destroyed.destroyed.length })
        return destroyed
      }),
    close: () => database.close(),
  }
}

async function statusOf(database: Database, { app, tokens }: { app: string; tokens: AppTokens }) {
  const generation = await newestGeneration(database)
  const [keys, replicas] = [ownKeys(await recordedKeys(database)), await livingReplicas(database)]
  const [{ tokenLabel: first }] = tokens
  return {
    generation,
    tokens: tokens.map(({ tokenLabel }) => tokenLabel),
    versions: kekVersions(keys).map((version) => describeVersion(version, { first, app })),
    replicas: replicas.map(({ id, name, generation: loaded, seenSecondsAgo }) => ({
      id,
      name,
      generation: loaded,
      seenSecondsAgo,
      isCurrent: loaded >= generation,
    })),
  }
}

async function activeVersion(database: Database): Promise<number> {
  const found = kekVersions(await recordedKeys(database)).find(({ state }) => state === 'active')
  if (found !== undefined) return found.version
  throw new KeyRefused('unknown-version', { what: 'no version is active', remedy: 'provision first' })
}

/** Every token, checked, and a database that none of them is ahead of. Throws `KeyRefused` where one is away. */
async function withKeystore<T>(database: Database, tokens: AppTokens, work: (hsm: Keystore) => Promise<T>): Promise<T> {
  return withTokensAtHand(async () => {
    const keys = ownKeys(await recordedKeys(database))
    const hsm = await openKeystore({ tokens, minRecipients: tokens.length, keys })
    try {
      refuseRolledBack(await epochOf(database), await hsm.epochs())
      return await work(hsm)
    } finally {
      await hsm.close()
    }
  })
}

/** A key whose id is not known is one of which nobody can say that nothing refers to it. */
async function assertIdentified(database: Database): Promise<void> {
  const keys = await recordedKeys(database)
  if (keys.some(({ keyId }) => keyId === undefined))
    throw new NeedsProvisioning('the ids of some keys were not read from the token yet')
}
