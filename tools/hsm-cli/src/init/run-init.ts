import { toHex } from '@strongroom/crypto'
import type { KeyRecord } from '@strongroom/hsm'
import { migrateJobs } from '@strongroom/jobs'
import {
  allMigrations,
  kernelSettings,
  provisionSettings,
  type Service,
  type Settings,
  textOf,
} from '@strongroom/service'
import { type AppToken, ownKeys, ownTokens, provision, readSettings, recordedKeys } from '@strongroom/service/operator'
import { alone, migrate, openDatabase } from '@strongroom/storage'
import { withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { table } from '../markdown.ts'
import { type ExitCode, exitCodes } from '../outcome.ts'
import { quietLog } from '../quiet-log.ts'
import { cloneOf, type CloneOptions } from './clone.ts'
import { otherToken } from '../move/other-token.ts'
import { declineSecondDevice } from './decline.ts'
import { makeMovable } from './movable.ts'
import { type NotedKey, noteKeys, signTranscript } from './note-keys.ts'
import { openOnClone, openOnEach, sealCanary } from './second-device.ts'
import { beginTranscript } from './transcript.ts'

export interface InitOptions extends CloneOptions {
  /** A file for encrypted copies of MAC keys, so that the app can move one day. */
  readonly movable?: string
  readonly safeModule?: string
  readonly safeModuleEnv?: string
  readonly safeToken?: string
  readonly safePinFile?: string
  readonly app: string
  readonly transcript?: string
  readonly present?: string
  readonly withoutSecondDevice?: string
  readonly yes?: boolean
  readonly json?: boolean
}

interface Done {
  readonly app: string
  readonly transcript: string
  readonly publicKey: string
  readonly keys: readonly NotedKey[]
  readonly canaryOpenedOn: readonly string[]
}

/** The ceremony: keys on every token of the app, a canary opened on the second device or its lack declined, a signed transcript. */
export async function runInit(options: InitOptions, context: Context): Promise<ExitCode> {
  const { app, json } = options
  const done = await withApp(app, async (service) => {
    const settings = readSettings({ ...kernelSettings, ...provisionSettings }, context.env)
    const database = openDatabase({ connectionString: textOf(settings.MIGRATOR_DATABASE_URL), connections: 1 })
    try {
      const tokens = ownTokens(service.name, settings, database)
      const clone = await cloneOf(tokens[0], options, context.terminal)
      const isAlone = tokens.length === 1 && clone === undefined
      const declined = isAlone ? await declineSecondDevice(app, context.terminal, options) : undefined
      const path = options.transcript ?? `strongroom-init-${app}-${stamp(context.now())}.jsonl`
      const transcript = beginTranscript(path, { app, deployment: settings.DEPLOYMENT, now: context.now })
      transcript.note('begun', {
        by: 'strongroom-hsm init',
        ...(options.present !== undefined && { present: options.present }),
      })
      const before = await recordedBefore(() => recordedKeys(database))
      if (options.movable !== undefined) {
        // Refused PINs are remembered there, and no token is logged in to without that.
        await migrateApp(service, { url: textOf(settings.MIGRATOR_DATABASE_URL), role: settings.RUNTIME_ROLE })
        const safe = await safeTokenOf(tokens[0], options, context)
        const keys = await makeMovable({ tokens, safe, needs: service.keys, before, path: options.movable })
        transcript.note('movable', { keys, copies: options.movable, safeToken: safe.tokenLabel })
      }
      await provision(service, context.env, quietLog(context.terminal))
      const recorded = await recordedKeys(database)
      const keys = ownKeys(recorded)
      const made = noteKeys(transcript, { tokens, recorded, before })
      const canary = await sealCanary({ tokens, keys })
      const opened = await openOnEach({ tokens, keys }, canary)
      if (clone !== undefined) await openOnClone(clone, { keys, canary })
      const openedOn = clone === undefined ? opened : [...opened, clone.tokenLabel]
      if (declined === undefined) transcript.note('canary', { sealedOn: tokens[0].tokenLabel, openedOn })
      else transcript.note('second-device-declined', { ...declined })
      const publicKey = await signTranscript(transcript, { tokens, keys })
      return { app, transcript: path, publicKey: toHex(publicKey), keys: made, canaryOpenedOn: openedOn } satisfies Done
    } finally {
      await database.close()
    }
  })
  context.terminal.say(json === true ? JSON.stringify(done, undefined, 2) : reportOf(done))
  return exitCodes.fine
}

const migrateApp = <S extends Settings>(
  { migrations }: Pick<Service<S>, 'migrations'>,
  { url, role }: { url: string; role: string },
): Promise<void> =>
  alone(url, async () => {
    await migrateJobs(url, role)
    await migrate(url, allMigrations(migrations), role)
  })

const safeTokenOf = (first: AppToken, options: InitOptions, { terminal }: Context): Promise<AppToken> => {
  const { safeModule: module, safeToken: label, safePinFile: pinFile, safeModuleEnv: moduleEnv } = options
  const place = { module, label, pinFile, moduleEnv, parameters: undefined, stateDirectory: options.stateDirectory }
  return otherToken(first, { ...place, prefix: '--safe' }, terminal)
}

/** A database that was never provisioned records nothing. */
async function recordedBefore(read: () => Promise<readonly KeyRecord[]>): Promise<readonly KeyRecord[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['42P01', '3F000', '42703'].includes(String(error.code))) return []
    throw error
  }
}

const stamp = (now: Date): string => now.toISOString().replaceAll(/[-:]|\.\d+/g, '')

const reportOf = ({ app, transcript, publicKey, keys, canaryOpenedOn }: Done): string =>
  [
    `# Keys of ${app}`,
    table(
      ['token', 'key', 'strategy', 'now'],
      keys.map(({ token, label, strategy, made }) => [token, label, strategy, made ? 'made' : 'was there']),
    ),
    `A canary was opened on ${canaryOpenedOn.map((label) => `"${label}"`).join(', ')}.`,
    `The transcript is ${transcript}. Keep a copy away from this machine, and this public key beside it, by which it and the audit log are verified:`,
    publicKey,
  ].join('\n\n')
