import { type KeyRecord, type Keystore, refuseRing } from '@strongroom/hsm'
import { Refusal } from '@strongroom/http'
import { areJobsMigrated } from '@strongroom/jobs'
import { type Database, isMigrated, openDatabase } from '@strongroom/storage'
import { assertDoorsShut, assertLoopback, assertNoRecoveryLogin, assertRuntimeRole, assertTrueClock } from './doors.ts'
import { beginEpoch } from './epoch.ts'
import { kernelSettings, recoverySettings } from './kernel-settings.ts'
import type { Log } from './log.ts'
import { allMigrations } from './migrations.ts'
import { NeedsProvisioning } from './needs-provisioning.ts'
import { openOwnKeystore } from './own-keystore.ts'
import { performsWork, type Role } from './role.ts'
import type { Parts, Service } from './service.ts'
import { readSettings, type Settings, textOf, type ValuesOf } from './settings.ts'
import { type AppToken, ownTokens } from './token.ts'
import { webCryptoOf } from './web-crypto.ts'

/** What stands before anything is served: settings, the database and the app's own token, all of them checked. */
export interface Foundations<S extends Settings> {
  readonly settings: Parts<S>['settings'] & ValuesOf<typeof kernelSettings>
  /** Only where this process performs work that needs them. */
  readonly recovery: ValuesOf<typeof recoverySettings> | undefined
  readonly database: Database
  readonly hsm: Keystore
  /** The first of its own. */
  readonly token: AppToken
  /** Labels of the tokens that keep no epoch: an old database is not noticed by them. */
  readonly unnoticing: readonly string[]
  readonly keys: readonly KeyRecord[]
  readonly webCrypto: Parts<S>['webCrypto']
  readonly log: Log
  readonly atEnd: (close: () => unknown) => void
  /** Closes what was given to `atEnd`, the token and the database. */
  close(): Promise<void>
}

export async function layFoundations<S extends Settings>(
  service: Service<S>,
  { env, role, log }: { env: NodeJS.ProcessEnv; role: Role; log: Log },
): Promise<Foundations<S>> {
  const wantsRecovery = service.recovery !== undefined && performsWork(role)
  if (!wantsRecovery) assertNoRecoveryLogin(env)
  const { settings, recovery } = readAll(service, env, wantsRecovery)
  assertLoopback(settings.STRONGROOM_ENV, settings.HOST)
  assertDoorsShut(settings.STRONGROOM_ENV, service.doors?.(settings) ?? [])
  for (const warning of service.warnings?.(settings) ?? []) log.warn(warning)
  const database = openDatabase({
    connectionString: textOf(settings.DATABASE_URL),
    connections: settings.DATABASE_CONNECTIONS,
    isRefusal: (answer) => answer instanceof Refusal,
    onConnectionLost: (error) => log.caught('database connection lost', error),
  })
  const tokens = ownTokens(service.name, settings, database)
  refuseRing(tokens, settings.HSM_MIN_RECIPIENTS)
  await assertMigrated(service, database)
  await assertTrueClock(settings.STRONGROOM_ENV, database)
  await assertRuntimeRole(settings.STRONGROOM_ENV, database)
  const { hsm, keys, newest } = await openOwnKeystore(service, {
    minRecipients: settings.HSM_MIN_RECIPIENTS,
    database,
    tokens,
    log,
  })
  for (const { label, state, description } of hsm.tokens()) {
    const { model, software } = description ?? {}
    log.info(state === 'healthy' ? 'token ready' : 'token away', { label, model, software })
  }
  const { unable } = await begunOrClosed(hsm, () => beginEpoch({ database, hsm }))
  for (const label of unable) log.warn('a database that was rolled back is not noticed by this token', { label })
  const closers: (() => unknown)[] = []
  return {
    settings,
    recovery,
    database,
    hsm,
    token: tokens[0],
    unnoticing: unable,
    keys,
    webCrypto: webCryptoOf({ token: tokens[0], newest, log, atEnd: (close) => void closers.push(close) }),
    log,
    atEnd: (close) => void closers.push(close),
    async close() {
      await Promise.allSettled(closers.map(async (close) => close()))
      await hsm.close()
      await database.close()
    },
  }
}

/** A process that does not start is not waited for. */
async function begunOrClosed<T>(hsm: Keystore, begin: () => Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    await hsm.close()
    throw error
  }
}

/** All together, so that every mistake is told at once; an app's settings cannot shadow the kernel's. */
function readAll<S extends Settings>({ settings }: Service<S>, env: NodeJS.ProcessEnv, wantsRecovery: boolean) {
  const read = readSettings({ ...settings, ...kernelSettings, ...(wantsRecovery && recoverySettings) }, env)
  return {
    settings: read as unknown as Foundations<S>['settings'],
    recovery: wantsRecovery ? (read as unknown as ValuesOf<typeof recoverySettings>) : undefined,
  }
}

export async function assertMigrated<S extends Settings>(service: Service<S>, database: Database): Promise<void> {
  const migrated = (await areJobsMigrated(database)) && (await isMigrated(database, allMigrations(service.migrations)))
  if (!migrated) throw new NeedsProvisioning('the database lacks migrations')
}
