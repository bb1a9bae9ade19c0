import type { TokenOptions } from '@strongroom/hsm'
import type { Secret } from '@strongroom/crypto'
import type { Statements } from '@strongroom/storage'
import { pinLatch } from './key-registry.ts'
import type { kernelSettings, recoverySettings } from './kernel-settings.ts'
import { BadSettings, type ValuesOf } from './settings.ts'

type KernelValues = ValuesOf<typeof kernelSettings>

/** How an app reaches a token and works with it. */
export type AppToken = TokenOptions

/** The app's own, and what it binds its ciphertexts to. */
export const ownToken = (app: string, settings: KernelValues, statements: Statements): AppToken => ({
  ...tenantOf(app, settings),
  module: moduleFrom(settings.HSM_MODULE, settings.HSM_MODULE_ENV),
  tokenLabel: settings.HSM_TOKEN_LABEL,
  pin: settings.HSM_PIN,
  executor: settings.HSM_EXECUTOR,
  sessions: settings.HSM_SESSIONS,
  callSeconds: settings.HSM_CALL_SECONDS,
  allowSoftware: settings.STRONGROOM_ENV === 'development' ? 'any' : settings.HSM_ALLOW_SOFTWARE,
  pinLatch: pinLatch(statements, { directory: settings.HSM_STATE_DIRECTORY, token: settings.HSM_TOKEN_LABEL }),
  profile: settings.HSM_PROFILE,
})

/** All tokens of the app, its own first one first. Throws `BadSettings` for one that is configured by halves. */
export const ownTokens = (
  app: string,
  settings: KernelValues,
  statements: Statements,
): readonly [AppToken, ...AppToken[]] => {
  const first = ownToken(app, settings, statements)
  const { HSM_2_MODULE, HSM_2_MODULE_ENV, HSM_2_TOKEN_LABEL, HSM_2_PIN } = settings
  const { HSM_3_MODULE, HSM_3_MODULE_ENV, HSM_3_TOKEN_LABEL, HSM_3_PIN } = settings
  const wishes: readonly FurtherToken[] = [
    { nth: 2, module: HSM_2_MODULE, environment: HSM_2_MODULE_ENV, label: HSM_2_TOKEN_LABEL, pin: HSM_2_PIN },
    { nth: 3, module: HSM_3_MODULE, environment: HSM_3_MODULE_ENV, label: HSM_3_TOKEN_LABEL, pin: HSM_3_PIN },
  ]
  const directory = settings.HSM_STATE_DIRECTORY
  return [first, ...wishes.flatMap((wish) => furtherToken(first, wish, { statements, directory }))]
}

interface FurtherToken {
  readonly nth: number
  readonly module: string | undefined
  readonly environment: Record<string, string> | undefined
  readonly label: string | undefined
  readonly pin: Secret | undefined
}

function furtherToken(
  first: AppToken,
  { nth, module, environment, label, pin }: FurtherToken,
  { statements, directory }: { statements: Statements; directory: string },
): readonly AppToken[] {
  if (label === undefined && pin === undefined && module === undefined && environment === undefined) return []
  if (label === undefined)
    throw new BadSettings([`HSM_${String(nth)}_TOKEN_LABEL: is missing beside others of its kind.`])
  if (pin === undefined)
    throw new BadSettings([`HSM_${String(nth)}_PIN: is missing beside HSM_${String(nth)}_TOKEN_LABEL.`])
  return [
    {
      ...first,
      module: module === undefined ? first.module : moduleFrom(module, environment),
      tokenLabel: label,
      pin,
      pinLatch: pinLatch(statements, { directory, token: label }),
    },
  ]
}

/** The same for the token that opens copies of keys. */
export const recoveryToken = (
  own: AppToken,
  settings: KernelValues & ValuesOf<typeof recoverySettings>,
  statements: Statements,
): AppToken => ({
  ...own,
  module:
    settings.RECOVERY_HSM_MODULE === undefined
      ? own.module
      : moduleFrom(settings.RECOVERY_HSM_MODULE, settings.RECOVERY_HSM_MODULE_ENV),
  tokenLabel: settings.RECOVERY_HSM_TOKEN_LABEL,
  pin: settings.RECOVERY_HSM_PIN,
  pinLatch: pinLatch(statements, { directory: settings.HSM_STATE_DIRECTORY, token: settings.RECOVERY_HSM_TOKEN_LABEL }),
  profile: settings.RECOVERY_HSM_PROFILE,
})

const moduleFrom = (path: string, environment: Record<string, string> | undefined) =>
  environment === undefined ? path : { path, environment }

export const tenantOf = (app: string, { DEPLOYMENT: deployment }: Pick<KernelValues, 'DEPLOYMENT'>) => ({
  deployment,
  app,
})
