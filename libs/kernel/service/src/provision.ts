import { filePinLatch, provisionKeys } from '@strongroom/hsm'
import { migrate, openDatabase } from '@strongroom/storage'
import { allMigrations } from './migrations.ts'
import { bothLatches, databasePinLatch, recordedKeys, recordKey } from './key-registry.ts'
import { kernelSettings, provisionSettings } from './kernel-settings.ts'
import type { Log } from './log.ts'
import type { Service } from './service.ts'
import { readSettings, type Settings } from './settings.ts'
import { tokenOf } from './token.ts'

/**
 * Brings the database and the token to what this release needs: migrations, privileges of the runtime role, keys.
 * Changes nothing that is there, and may run as often as one likes.
 */
export async function provision<S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<void> {
  const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
  const migratorUrl = text(settings.MIGRATOR_DATABASE_URL)
  await migrate(migratorUrl, allMigrations(service.migrations), settings.RUNTIME_ROLE)
  log.info('database migrated')

  const database = openDatabase({ connectionString: migratorUrl, connections: 1 })
  try {
    const existing = await recordedKeys(database)
    const pinLatch = bothLatches(
      databasePinLatch(database),
      filePinLatch(`${settings.HSM_STATE_DIRECTORY}/refused-pin`),
    )
    const made = await provisionKeys({ ...tokenOf(service.name, settings), pinLatch, needs: service.keys, existing })
    await database.transaction(async (tx) => {
      for (const key of made) await recordKey(tx, key)
    })
    log.info('keys provisioned', { made: made.length, found: existing.length })
  } finally {
    await database.close()
  }
}

const text = (secret: { expose(): Uint8Array }) => Buffer.from(secret.expose()).toString('utf8')
