import { filePinLatch, type KeyRecord, openKeystore } from '@strongroom/hsm'
import { listener, mount, problems, Refusal, type Told } from '@strongroom/http'
import { type Database, isMigrated, openDatabase } from '@strongroom/storage'
import { managementPages } from './management-pages.ts'
import { assertLoopback, assertTrueClock } from './doors.ts'
import { describeService } from './describe.ts'
import { healthHandlers } from './health.ts'
import { bothLatches, databasePinLatch, recordedKeys } from './key-registry.ts'
import { kernelSettings } from './kernel-settings.ts'
import { listen } from './listen.ts'
import { describeError, type Log } from './log.ts'
import { openMetrics } from './metrics.ts'
import { allMigrations } from './migrations.ts'
import type { Parts, Service } from './service.ts'
import { readSettings, type Settings, type ValuesOf } from './settings.ts'
import { tokenOf } from './token.ts'

/** The database or the token is not as this release needs it: run `provision`. */
export class NeedsProvisioning extends Error {
  override readonly name = 'NeedsProvisioning'
}

export interface Running {
  /** Of the public listener. */
  readonly port: number
  readonly managementPort: number | undefined
  stop(): Promise<void>
}

/** Opens the database and the token, checks that both are what they should be, and listens. */
export async function serve<S extends Settings>(
  service: Service<S>,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<Running> {
  const settings: Parts<S>['settings'] & ValuesOf<typeof kernelSettings> = readAll(service, env)
  const {
    STRONGROOM_ENV: environment,
    HOST: host,
    SHUTDOWN_SECONDS: drainSeconds,
    TRUSTED_PROXY_HOPS: trustedProxyHops,
  } = settings
  assertLoopback(environment, host)

  const database = openDatabase({
    connectionString: Buffer.from(settings.DATABASE_URL.expose()).toString('utf8'),
    connections: settings.DATABASE_CONNECTIONS,
    isRefusal: (answer) => answer instanceof Refusal,
    onConnectionLost: (error) => log.caught('database connection lost', error),
  })
  const keys = await provisionedKeys(service, database)
  await assertTrueClock(environment, database)
  const pinLatch = bothLatches(databasePinLatch(database), filePinLatch(`${settings.HSM_STATE_DIRECTORY}/refused-pin`))
  const hsm = await openKeystore({ ...tokenOf(service.name, settings), keys, pinLatch })
  const { label, model, software } = hsm.describe()
  log.info('token ready', { label, model, software })

  let draining = false
  const metrics = openMetrics(() => isAvailable(() => hsm.assertAvailable()))
  const onAnswer = (told: Told) => {
    metrics.observe(told)
    logAnswer(log, told)
  }
  const api = service.mount({ settings, database, hsm })
  const health = mount({
    dialect: problems,
    handlers: healthHandlers,
    deps: { database, hsm, isDraining: () => draining },
  })
  const pages = managementPages(describeService(service), metrics)
  const shared = { trustedProxyHops, onAnswer }
  const apart = settings.MANAGEMENT_PORT !== undefined
  const publicApp = apart
    ? listener({ mounts: [api], ...shared })
    : listener({ mounts: [api, health], beside: pages, ...shared })
  const listening = await listen(publicApp, { host, port: settings.PORT, drainSeconds })
  const management = apart
    ? await listen(listener({ mounts: [health], beside: pages, ...shared }), {
        host,
        port: settings.MANAGEMENT_PORT ?? 0,
        drainSeconds,
      })
    : undefined

  return {
    port: listening.port,
    managementPort: management?.port,
    async stop() {
      draining = true
      await listening.drain()
      await hsm.close()
      await database.close()
      await management?.drain()
    },
  }
}

/** Kernel and app together, so that every mistake is told at once; the app's cannot shadow the kernel's. */
const readAll = <S extends Settings>({ settings }: Service<S>, env: NodeJS.ProcessEnv) =>
  readSettings({ ...settings, ...kernelSettings }, env) as unknown as Parts<S>['settings']

async function provisionedKeys<S extends Settings>(
  { migrations, keys: needs }: Service<S>,
  database: Database,
): Promise<KeyRecord[]> {
  if (!(await isMigrated(database, allMigrations(migrations))))
    throw new NeedsProvisioning('the database lacks migrations')
  const keys = await recordedKeys(database)
  const lacks = needs.filter(({ job, use }) => !keys.some((key) => key.job === job && key.use === use))
  if (lacks.length > 0) throw new NeedsProvisioning('keys that this release needs were not made yet')
  return keys
}

function isAvailable(assert: () => void): boolean {
  try {
    assert()
    return true
  } catch {
    return false
  }
}

function logAnswer(log: Log, { requestId, method, route, status, seconds, refusal, field, error }: Told) {
  const line = {
    requestId,
    method: route === 'unknown' ? undefined : method,
    route,
    status,
    ms: Math.round(seconds * 1e6) / 1e3,
    refusal,
    field,
  }
  if (error === undefined) log.info('answered', line)
  else if (status === 503) log.warn('answered', { ...line, ...describeError(error), stack: undefined })
  else log.caught('crashed', error, line)
}
