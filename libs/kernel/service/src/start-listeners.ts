import { listener, mount, problems, type Told } from '@strongroom/http'
import { describeService } from './describe.ts'
import { assertLoopback } from './doors.ts'
import type { Foundations } from './foundations.ts'
import { healthHandlers } from './health.ts'
import { listen } from './listen.ts'
import { describeError, type Log } from './log.ts'
import { managementPages } from './management-pages.ts'
import { openMetrics } from './metrics.ts'
import { NeedsProvisioning } from './needs-provisioning.ts'
import { readRecoveryKey } from './recovery-key.ts'
import { type Role, servesCallers } from './role.ts'
import type { ApiParts, Service } from './service.ts'
import type { Settings } from './settings.ts'
import { tenantOf } from './token.ts'

export interface Listeners {
  readonly port: number
  readonly managementPort: number | undefined
  /** Ports of the listeners beside, by name. */
  readonly beside: Readonly<Record<string, number>>
  /** Says "not ready", then lets requests in flight end. */
  drain(): Promise<void>
}

/** The public listener and, where it is wanted apart, the management one. A worker has no API: health and metrics alone. */
export async function startListeners<S extends Settings>(
  service: Service<S>,
  foundations: Foundations<S>,
  { role, log }: { role: Role; log: Log },
): Promise<Listeners> {
  const { settings, database, hsm, unnoticing } = foundations
  const { HOST: host, PORT: port, MANAGEMENT_PORT: managementPort, SHUTDOWN_SECONDS: drainSeconds } = settings
  let draining = false
  const metrics = openMetrics({
    isTokenReady: () => isQuiet(() => hsm.assertAvailable()),
    tokens: () => hsm.tokens(),
    database,
  })
  const onAnswer = (told: Told) => {
    metrics.observe(told)
    logAnswer(log, told)
  }
  const health = mount({
    dialect: problems,
    handlers: healthHandlers,
    deps: { database, hsm, unnoticing, isDraining: () => draining },
  })
  const beside = managementPages(describeService(service), metrics)
  const shared = { trustedProxyHops: settings.TRUSTED_PROXY_HOPS, onAnswer }
  const facing = { ...shared, corsOrigins: settings.CORS_ORIGINS }
  const managing = listener({ mounts: [health], beside, ...shared })
  const parts = servesCallers(role) ? await apiParts(service, foundations) : undefined
  if (!parts) return withDrain(await listen(managing, { host, port, drainSeconds }), undefined)
  const api = service.mount(parts)
  const others = new Map<string, Listening>()
  for (const { name, mounts, ...where } of service.beside?.(parts) ?? []) {
    assertLoopback(settings.STRONGROOM_ENV, where.host)
    others.set(name, await listen(listener({ mounts, ...shared }), { ...where, drainSeconds }))
  }
  if (managementPort === undefined) {
    return withDrain(
      await listen(listener({ mounts: [...api, health], beside, ...facing }), { host, port, drainSeconds }),
      undefined,
      others,
    )
  }
  const serving = await listen(listener({ mounts: api, ...facing }), { host, port, drainSeconds })
  return withDrain(serving, await listen(managing, { host, port: managementPort, drainSeconds }), others)

  function withDrain(
    open: Listening,
    management: Listening | undefined,
    more: ReadonlyMap<string, Listening> = new Map(),
  ): Listeners {
    return {
      port: open.port,
      managementPort: management?.port,
      beside: Object.fromEntries([...more].map(([name, one]) => [name, one.port])),
      async drain() {
        draining = true
        await Promise.all([open, ...more.values()].map((one) => one.drain()))
        await management?.drain()
      },
    }
  }
}

type Listening = Awaited<ReturnType<typeof listen>>

async function apiParts<S extends Settings>(
  service: Service<S>,
  { settings, database, hsm, log, atEnd }: Foundations<S>,
): Promise<ApiParts<S>> {
  const publicKey = service.recovery && (await readRecoveryKey(database, hsm, service.name))
  if (service.recovery && !publicKey) throw new NeedsProvisioning('the recovery key was not recorded yet')
  const recovery = () => {
    if (!publicKey) throw new Error(`${service.name} has no recovery key`)
    return { publicKey, ...tenantOf(service.name, settings) }
  }
  return { settings, database, hsm, log, atEnd, recovery }
}

function isQuiet(assert: () => void): boolean {
  try {
    assert()
    return true
  } catch {
    return false
  }
}

function logAnswer(log: Log, { requestId, method, route, status, seconds, refusal, field, error }: Told) {
  const known = route === 'unknown' ? undefined : method
  const line = { requestId, method: known, route, status, ms: Math.round(seconds * 1e6) / 1e3, refusal, field }
  // Probes ask every few seconds, and say nothing that metrics do not.
  if (route.startsWith('/health') && status === 200) log.debug('answered', line)
  else if (error === undefined) log.info('answered', line)
  else if (status === 503) log.warn('answered', { ...line, ...describeError(error), stack: undefined })
  else log.caught('crashed', error, line)
}
