import { openKeystore } from '@strongroom/hsm'
import { isMigrated, openDatabase } from '@strongroom/storage'
import { acceptEpoch, epochOf } from './epoch.ts'
import { assertRuntimeRole, assertTrueClock } from './doors.ts'
import { NeedsProvisioning } from './needs-provisioning.ts'
import { keystoreMigrations } from './key-registry.ts'
import { kernelSettings } from './kernel-settings.ts'
import type { Log } from './log.ts'
import type { Service } from './service.ts'
import { readSettings, type Settings, textOf } from './settings.ts'
import { ownTokens } from './token.ts'

/**
 * The command of an operator who knows that this database is an old one, or a new one, and goes on with it. Answers what
 * was done. It opens no key: it has to work where provisioning is refused as well.
 */
export async function acceptRestore<S extends Settings>(
  { name }: Service<S>,
  { env, log }: { env: NodeJS.ProcessEnv; log: Log },
): Promise<string> {
  const settings = readSettings(kernelSettings, env)
  const database = openDatabase({ connectionString: textOf(settings.DATABASE_URL), connections: 1 })
  try {
    const isThere = await isMigrated(database, [keystoreMigrations])
    if (!isThere) throw new NeedsProvisioning('the database lacks migrations: run provision, then this once more')
    await assertTrueClock(settings.STRONGROOM_ENV, database)
    await assertRuntimeRole(settings.STRONGROOM_ENV, database)
    const tokens = ownTokens(name, settings, database)
    const hsm = await openKeystore({ tokens, keys: [], log: (event, reason) => log.warn(event, { reason }) })
    try {
      const accepted = await acceptEpoch({ database, hsm }, name)
      const away = hsm.tokens().filter(({ state }) => state !== 'healthy')
      const warnings = away.map(({ label }) => `The token "${label}" is away: what it holds was not looked at.`)
      const done =
        accepted === undefined
          ? `Nothing to accept: the database is at epoch ${String(await epochOf(database))}, and no token is ahead of it.`
          : `Accepted: the database was at epoch ${String(accepted.was)} and the token "${accepted.token.label}" at ` +
            `${String(accepted.token.number)}. Both are at ${String(accepted.number)} now, and the audit log says so.`
      return [done, ...warnings].join('\n')
    } finally {
      await hsm.close()
    }
  } finally {
    await database.close()
  }
}
