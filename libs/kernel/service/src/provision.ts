import { auditKeyNeed } from '@strongroom/audit'
import {
  assertDifferentTokens,
  type FoundKey,
  identifyKeys,
  type KeyNeed,
  openKeystore,
  openRecoveryKeystore,
  provisionKeys,
} from '@strongroom/hsm'
import { migrateJobs } from '@strongroom/jobs'
import { alone, type Database, migrate, openDatabase } from '@strongroom/storage'
import { epochOf } from './epoch.ts'
import { ownKeys, recordedKeys, recordKey, recordKeyId, recoveryKeys } from './key-registry.ts'
import { kernelSettings, provisionSettings, recoverySettings } from './kernel-settings.ts'
import type { Log } from './log.ts'
import { allMigrations } from './migrations.ts'
import { completeRecoveryKey, keepRecoveryKey, readRecoveryKey } from './recovery-key.ts'
import type { Service } from './service.ts'
import { readSettings, type Settings, textOf } from './settings.ts'
import { type AppToken, ownTokens, recoveryToken } from './token.ts'

const recoverNeed: KeyNeed = { job: 'recover', use: '' }

/**
 * Brings the database and the tokens to what this release needs: migrations, privileges of the runtime role, keys.
 * Changes nothing that is there, and may run as often as one likes.
 */
export async function provision<S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<void> {
  const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
  const recovery = service.recovery && readSettings(recoverySettings, env)
  const migratorUrl = textOf(settings.MIGRATOR_DATABASE_URL)
  // Two at once would both make the keys that both find missing.
  await alone(migratorUrl, async () => {
    await migrateJobs(migratorUrl, settings.RUNTIME_ROLE)
    await migrate(migratorUrl, allMigrations(service.migrations), settings.RUNTIME_ROLE)
    log.info('database migrated')

    const database = openDatabase({ connectionString: migratorUrl, connections: 1 })
    try {
      const own = ownTokens(service.name, settings, database)
      const found = settings.HSM_FOUND_KEYS
      await makeKeys(database, own, {
        needs: [...service.keys, auditKeyNeed],
        found,
        epoch: await epochOf(database),
        log,
      })
      if (recovery)
        await makeRecoveryKey(database, {
          own,
          second: recoveryToken(own[0], { ...settings, ...recovery }, database),
          found,
          log,
        })
    } finally {
      await database.close()
    }
  })
}

type AppTokens = readonly [AppToken, ...AppToken[]]

interface Wanted {
  readonly needs: readonly KeyNeed[]
  readonly found: readonly FoundKey[]
  /** Of the database; a token that is ahead of it is given no keys. */
  readonly epoch?: number
  readonly log: Log
}

async function makeKeys(database: Database, tokens: AppTokens, { needs, found, epoch, log }: Wanted): Promise<void> {
  const recorded = await recordedKeys(database)
  const existing = needs.includes(recoverNeed) ? recoveryKeys(recorded) : ownKeys(recorded)
  const made = await provisionKeys({ tokens, needs, existing, found, ...(epoch !== undefined && { epoch }) })
  const isNameless = existing.some(({ keyId, state }) => keyId === undefined && state !== 'destroying')
  const identified = isNameless ? await identifyKeys({ tokens, existing }) : []
  await database.transaction(async (tx) => {
    for (const key of made) await recordKey(tx, key)
    for (const key of identified) await recordKeyId(tx, key)
  })
  const labels = tokens.map(({ tokenLabel }) => tokenLabel).join(', ')
  log.info('keys provisioned', { token: labels, made: made.length, found: existing.length })
}

async function makeRecoveryKey(
  database: Database,
  { own, second, found, log }: { own: AppTokens; second: AppToken } & Pick<Wanted, 'found' | 'log'>,
): Promise<void> {
  await makeKeys(database, [second], { needs: [recoverNeed], found, log })
  const keys = await recordedKeys(database)
  const [{ app }] = own
  const hsm = await openKeystore({ tokens: own, minRecipients: own.length, keys: ownKeys(keys) })
  try {
    if (await readRecoveryKey(database, hsm, app)) return await completeRecoveryKey(database, hsm, app)
    const recovery = await openRecoveryKeystore({ ...second, keys: recoveryKeys(keys) })
    try {
      for (const { description } of hsm.tokens()) {
        if (description) assertDifferentTokens(description, recovery.describe())
      }
      await keepRecoveryKey(database, hsm, { app, publicKey: await recovery.publicKey() })
    } finally {
      await recovery.close()
    }
  } finally {
    await hsm.close()
  }
}
