import type { KeyRecord } from '@strongroom/hsm'
import type { AppToken } from '@strongroom/service/operator'
import { needsOf } from '../apps.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Refused } from '../outcome.ts'
import { confirmed } from '../confirmed.ts'
import { atMigrator, refuseSeveral } from './at-migrator.ts'
import { carryValues } from './carry-values.ts'
import { keysOnTarget } from './keys-on-target.ts'
import { otherToken } from './other-token.ts'
import { recordNew, switchTokens } from './records.ts'

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

/** Carries everything that can be carried from the app’s token to another one, while the app is stopped. */
export async function runMove(options: MoveOptions, context: Context): Promise<ExitCode> {
  const { app, json } = options
  const { terminal } = context
  const done = await atMigrator(options, context, async (world) => {
    const { from, keys, service } = world
    refuseSeveral(world)
    const to = await targetOf(options, { from, context })
    refuseSigningKeys(keys, options)
    const what = `carry the keys and values of ${app} from "${from.tokenLabel}" to "${to.tokenLabel}"`
    await confirmed(terminal, options, what)
    const needs = needsOf(service).filter(({ job }) => job !== 'mac' && job !== 'recover')
    const coming = await keysOnTarget(to, { needs, options, world, context })
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
export function refuseSigningKeys(
  keys: readonly KeyRecord[],
  { newSigningKeys }: Pick<MoveOptions, 'newSigningKeys'>,
): void {
  const signing = keys.filter(({ job, token }) => job.startsWith('sign') && token === undefined)
  if (newSigningKeys === true || signing.length === 0) return
  const names = signing.map(({ label }) => `"${label}"`).join(', ')
  throw new Refused(
    `${names} cannot be carried: no signing key leaves its token. Pin the new ones where the old are pinned (audit heads, receivers of events, an account on a ledger), and say --new-signing-keys`,
  )
}
