import { type KeyNeed, type KeyRecord, openKeystore, openRecoveryKeystore, provisionKeys } from '@strongroom/hsm'
import { openProver } from '@strongroom/hsm/inspection'
import { importMovedKeys, openBridge } from '@strongroom/hsm/moving'
import { kernelSettings, provisionSettings, type Service, type Settings, textOf } from '@strongroom/service'
import { type AppToken, ownKeys, ownTokens, readSettings, recordedKeys } from '@strongroom/service/operator'
import { type Database, openDatabase } from '@strongroom/storage'
import { needsOf, withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Refused, Unusable } from '../outcome.ts'
import { confirmed } from '../rotation/run-rotate.ts'
import { verifyColumn } from '../verify/verify-columns.ts'
import { carryAll } from './carry.ts'
import { type Copies, readCopies } from './copies-file.ts'
import { otherToken } from './other-token.ts'
import { forgetToken, recordNew, sessionsOf, switchTokens } from './records.ts'
import { strayValues } from './stray-values.ts'

export interface MoveOptions {
  readonly app: string
  readonly toModule?: string
  readonly toModuleEnv?: string
  readonly toParameters?: string
  readonly toToken?: string
  readonly toPinFile?: string
  readonly copies?: string
  readonly safeModule?: string
  readonly safeModuleEnv?: string
  readonly safeToken?: string
  readonly safePinFile?: string
  readonly stateDirectory?: string
  readonly newSigningKeys?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

interface World<S extends Settings> {
  readonly service: Service<S>
  readonly database: Database
  readonly from: AppToken
  readonly keys: readonly KeyRecord[]
}

/** Carries everything that can be carried from the app’s token to another one, while the app is stopped. */
export async function runMove(options: MoveOptions, context: Context): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const done = await atMigrator(options, context, async (world) => {
    const { from, keys, service } = world
    const to = await targetOf(options, { from, context })
    refuseSigningKeys(keys, options)
    const what = `carry the keys and values of ${app} from "${from.tokenLabel}" to "${to.tokenLabel}"`
    await confirmed(terminal, options, what)
    const needs = needsOf(service).filter(({ job }) => job !== 'mac' && job !== 'recover')
    const coming = await keysOn(to, { needs, options, world, context })
    await recordNew(world.database, { label: to.tokenLabel, keys: coming, known: keys })
    const rows = await carryValues(world, { to, coming, context })
    await switchTokens(world.database, { from: from.tokenLabel, to: to.tokenLabel })
    return { from: from.tokenLabel, to: to.tokenLabel, rows, keys: coming.map(({ label }) => label) }
  })
  terminal.say(
    json === true
      ? JSON.stringify({ app, ...done }, undefined, 2)
      : [
          `${String(done.rows)} values of ${app} open on "${done.to}" and on "${done.from}".`,
          `Set HSM_MODULE, HSM_TOKEN_LABEL and HSM_PIN_FILE of ${app} to "${done.to}", start it, and look at strongroom-hsm verify --app ${app}.`,
          `Then take "${done.from}" out of the values with strongroom-hsm move-finish --app ${app} --from-token ${done.from}, and destroy it.`,
          'Its audit log is signed by another key from now on: write down both.',
        ].join('\n'),
  )
  return exitCodes.fine
}

/** As the owner of the database, and with nothing else at work. */
export const atMigrator = <T>(
  { app }: { readonly app: string },
  { env }: Context,
  work: <S extends Settings>(world: World<S>) => Promise<T>,
): Promise<Awaited<T>> =>
  withApp(app, async (service) => {
    const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
    const connectionString = textOf(settings.MIGRATOR_DATABASE_URL)
    const database = openDatabase({ connectionString, connections: 1, statementTimeout: 0 })
    try {
      const [from, ...others] = ownTokens(service.name, settings, database)
      if (others.length > 0)
        throw new Unusable(
          'several tokens hold each value already: take one out of the settings when the others are healthy, and move nothing',
        )
      const sessions = await sessionsOf(database, settings.RUNTIME_ROLE)
      if (sessions > 0)
        throw new Refused(
          `${app} is at work (${String(sessions)} sessions of its role): stop every process of it, and run this again`,
        )
      return await work({ service, database, from, keys: ownKeys(await recordedKeys(database)) })
    } finally {
      await database.close()
    }
  })

const targetOf = (options: MoveOptions, { from, context }: { from: AppToken; context: Context }): Promise<AppToken> =>
  otherToken(
    from,
    {
      module: options.toModule,
      label: options.toToken,
      pinFile: options.toPinFile,
      moduleEnv: options.toModuleEnv,
      parameters: options.toParameters,
      stateDirectory: options.stateDirectory,
      prefix: '--to',
    },
    context.terminal,
  )

/** No private half leaves a token: who trusts the old public keys must be told. Throws `Refused` naming them. */
function refuseSigningKeys(keys: readonly KeyRecord[], { newSigningKeys }: MoveOptions): void {
  const signing = keys.filter(({ job, token }) => job.startsWith('sign') && token === undefined)
  if (newSigningKeys === true || signing.length === 0) return
  const names = signing.map(({ label }) => `"${label}"`).join(', ')
  throw new Refused(
    `${names} cannot be carried: no signing key leaves its token. Pin the new ones where the old are pinned (audit heads, receivers of events, an account on a ledger), and say --new-signing-keys`,
  )
}

interface Coming<S extends Settings> {
  readonly needs: readonly KeyNeed[]
  readonly options: MoveOptions
  readonly world: World<S>
  readonly context: Context
}

/** The very MAC keys, and new ones of every other job. */
async function keysOn<S extends Settings>(
  to: AppToken,
  { needs, options, world: { from, keys }, context }: Coming<S>,
): Promise<readonly KeyRecord[]> {
  const own = keys.filter(({ token }) => token === undefined)
  const here = keys.filter(({ token }) => token === to.tokenLabel).map(({ token: _, ...key }) => key)
  const records = own.filter(({ job }) => job === 'mac')
  const copies = options.copies === undefined ? undefined : readCopies(options.copies)
  const macKeys = await withSafe({ copies, options, from, context }, (safe) =>
    importMovedKeys({ target: to, records, copies: copies?.copies ?? [], safe }),
  )
  const made = await provisionKeys({ ...to, needs, existing: here })
  const known = here.filter(({ job }) => job !== 'mac')
  return [...macKeys, ...known, ...made]
}

interface Safe {
  readonly copies: Copies | undefined
  readonly options: MoveOptions
  readonly from: AppToken
  readonly context: Context
}

async function withSafe<T>(
  { copies, options, from, context }: Safe,
  work: (safe: Awaited<ReturnType<typeof openRecoveryKeystore>> | undefined) => Promise<T>,
): Promise<T> {
  if (copies === undefined) return work(undefined)
  const {
    safeModule: module,
    safeToken: label,
    safePinFile: pinFile,
    safeModuleEnv: moduleEnv,
    stateDirectory,
  } = options
  const place = { module, label, pinFile, moduleEnv, parameters: undefined, stateDirectory, prefix: '--safe' }
  const token = await otherToken(from, place, context.terminal)
  const safe = await openRecoveryKeystore({ ...token, keys: [copies.safeKey] })
  try {
    return await work(safe)
  } finally {
    await safe.close()
  }
}

/** Everything on both, each proved by opening; then nothing may be left that names the old token alone. Throws `Refused`. */
async function carryValues<S extends Settings>(
  { service, database, from, keys }: World<S>,
  { to, coming, context: { terminal } }: { to: AppToken; coming: readonly KeyRecord[]; context: Context },
): Promise<number> {
  const leaving = keys.filter(({ token }) => token === undefined)
  const hsm = await openKeystore({ tokens: [from], keys: leaving })
  const bridge = await openBridge([
    { token: from, keys: leaving },
    { token: to, keys: coming },
  ])
  const bar = terminal.progress(`carrying to "${to.tokenLabel}"`, service.sealed.length)
  try {
    const onColumn = (name: string, rows: number) => bar.advance(rows === 0 ? 1 : 0, name)
    const rows = await carryAll({ app: service.name, database, columns: service.sealed, bridge, hsm, onColumn })
    await refuseUnproved({ service, database, from: to, keys: coming })
    const [left, kept] = [await bridge.keyIds(from.tokenLabel), await bridge.keyIds(to.tokenLabel)]
    const strays = await strayValues(database, { left, kept })
    if (strays.length === 0) return rows
    const places = strays.map((one) => `${one.table}.${one.column} (${String(one.rows)} rows)`).join(', ')
    throw new Refused(
      `values in ${places} are of no declared column and stay behind: wait until they pass, or delete them, and run this again`,
    )
  } finally {
    bar.end('everything that was asked for was looked at')
    await bridge.close()
    await hsm.close()
  }
}

/** Each value opens on that token alone. */
export async function refuseUnproved<S extends Settings>({
  service,
  database,
  from: token,
  keys,
}: World<S>): Promise<void> {
  const prover = await openProver({ tokens: [token], keys: keys.map(({ token: _, ...key }) => key) })
  try {
    for (const column of service.sealed) {
      const { broken } = await verifyColumn(column, { database, prover, onPage: () => undefined })
      if (broken.length > 0)
        throw new Refused(
          `${String(broken.length)} values of ${column.name} do not open on "${token.tokenLabel}": nothing was switched`,
        )
    }
  } finally {
    await prover.close()
  }
}

export interface FinishOptions {
  readonly app: string
  readonly fromToken: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Takes the token that was left out of every value, and forgets its keys. It is not logged in to: it may be gone. */
export async function runFinish(options: FinishOptions, context: Context): Promise<ExitCode> {
  const { app, fromToken, json } = options
  const rows = await atMigrator(options, context, async ({ service, database, from: token, keys }) => {
    if (fromToken === token.tokenLabel)
      throw new Unusable('that is the token that the app works with: name the one that was left')
    if (!keys.some((key) => key.token === fromToken))
      throw new Unusable(`no key of a token "${fromToken}" is recorded: move was not run, or is finished`)
    await confirmed(context.terminal, options, `take "${fromToken}" out of every value of ${app}, for ever`)
    const own = keys.filter((key) => key.token === undefined)
    const hsm = await openKeystore({ tokens: [token], keys: own })
    const bridge = await openBridge([{ token, keys: own }])
    const bar = context.terminal.progress(`taking "${fromToken}" out`, service.sealed.length)
    try {
      const onColumn = (name: string, count: number) => bar.advance(count === 0 ? 1 : 0, name)
      const carried = await carryAll({ app: service.name, database, columns: service.sealed, bridge, hsm, onColumn })
      await forgetToken(database, fromToken)
      return carried
    } finally {
      bar.end('done')
      await bridge.close()
      await hsm.close()
    }
  })
  context.terminal.say(
    json === true
      ? JSON.stringify({ app, left: fromToken, rows }, undefined, 2)
      : `${String(rows)} values of ${app} are held by its token alone. Destroy "${fromToken}", and the backups that it could open.`,
  )
  return exitCodes.fine
}
