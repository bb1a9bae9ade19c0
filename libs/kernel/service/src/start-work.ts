import { linkEvents, sinkFrom } from '@strongroom/audit'
import { assertDifferentTokens, openRecoveryKeystore, type RecoveryKeystore } from '@strongroom/hsm'
import {
  completionSweep,
  indexRebuilder,
  type MacColumn,
  mountWork,
  pageCompleter,
  rebuildSweep,
  type SealedColumn,
  startWorker,
  sweep,
  type Work,
} from '@strongroom/jobs'
import type { Foundations } from './foundations.ts'
import { recoveryKeys } from './key-registry.ts'
import type { Log } from './log.ts'
import { pageRewrapper } from './rotation/rewrap-page.ts'
import type { Service } from './service.ts'
import { type Settings, textOf } from './settings.ts'
import { recoveryToken } from './token.ts'

const SECONDS_BETWEEN_HEADS = 3

/** Jobs and sweeps of an app, beside any number of processes that do the same. */
export async function startWork<S extends Settings>(
  service: Service<S>,
  foundations: Foundations<S>,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  const { settings, database, hsm, webCrypto, atEnd } = foundations
  const recovery = await openRecovery(foundations, log)
  const needed = () => recovery ?? fail(`${service.name} declares no recovery`)
  const worker = startWorker({
    connectionString: textOf(settings.DATABASE_URL),
    work: [
      ...(service.work?.({ settings, database, hsm, log, webCrypto, atEnd, recovery: needed }) ?? []),
      auditing(service.name, foundations),
      completing(service.sealed, foundations),
      indexing(service.indexes ?? [], foundations),
      rewrapping(service, foundations),
    ],
    concurrency: settings.WORKER_CONCURRENCY,
    stopSeconds: settings.SHUTDOWN_SECONDS,
    onFailed: ({ kind, id, attempt, attempts, parked, error }) =>
      log.caught(parked ? 'job parked' : 'job failed', error, { kind, job: id, attempt, attempts }),
    onSweepFailed: ({ name, error }) => log.caught('sweep failed', error, { name }),
    onConnectionLost: (error) => log.caught('worker connection lost', error),
    log: (event, fields) => log.info(event, fields),
  })
  return {
    async stop() {
      await worker.stop()
      await recovery?.close()
    },
  }
}

async function openRecovery<S extends Settings>(
  { settings, recovery, database, hsm, token, keys }: Foundations<S>,
  log: Log,
): Promise<RecoveryKeystore | undefined> {
  if (!recovery) return undefined
  const second = recoveryToken(token, { ...settings, ...recovery }, database)
  const opened = await openRecoveryKeystore({
    ...second,
    keys: recoveryKeys(keys),
    log: (event, reason) => log.warn(event, { reason, token: second.tokenLabel }),
  })
  for (const { description } of hsm.tokens()) {
    if (description) assertDifferentTokens(description, opened.describe())
  }
  const { label, model, software, executor } = opened.describe()
  log.info('recovery token ready', { label, model, software, executor })
  return opened
}

/** Links the audit log and sends its signed heads away; without a sink they are signed all the same. */
function auditing<S extends Settings>(app: string, { settings, database, hsm }: Foundations<S>) {
  const { DEPLOYMENT: deployment, AUDIT_SINK: where, AUDIT_SINK_TOKEN: bearer } = settings
  const sink = where === undefined ? { targets: [] } : sinkFrom(where, bearer)
  return mountWork({
    sweeps: [
      sweep<object>()({
        name: 'audit.link-events',
        every: SECONDS_BETWEEN_HEADS,
        run: async () => void (await linkEvents({ database, hsm, sink, deployment, app })),
      }),
    ],
    deps: {},
  })
}

/** Gives values the recipients of tokens that are new, or were away when they were sealed. */
const completing = (columns: readonly SealedColumn[], { database, hsm, log }: Foundations<Settings>): Work =>
  mountWork({
    jobs: [pageCompleter],
    sweeps: [completionSweep()],
    deps: {
      database,
      hsm,
      columns,
      onUnopenable: ({ column, id }) => log.warn('a sealed value does not open', { column, id }),
    },
  })

/** Gives values the newest version of the keys, where an operator asked for it. */
const rewrapping = <S extends Settings>(
  { name: app, sealed: columns }: Service<S>,
  { settings, database, hsm, log }: Foundations<S>,
): Work =>
  mountWork({
    jobs: [pageRewrapper],
    deps: {
      app,
      database,
      hsm,
      columns,
      rowsPerSecond: settings.REWRAP_ROWS_PER_SECOND,
      onUnopenable: ({ column, id }) => log.warn('a sealed value does not open', { column, id }),
    },
  })

/** Computes indexes anew whose MAC key was rotated. */
const indexing = (indexes: readonly MacColumn[], { database, hsm, log }: Foundations<Settings>): Work =>
  mountWork({
    jobs: [indexRebuilder],
    sweeps: [rebuildSweep()],
    deps: {
      database,
      hsm,
      indexes,
      onUnopenable: ({ column, id }) => log.warn('a sealed value does not open, and its index stays', { column, id }),
    },
  })

function fail(message: string): never {
  throw new Error(message)
}
