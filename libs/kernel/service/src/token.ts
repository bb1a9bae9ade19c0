import type { ExecutorOptions, TokenConnection } from '@strongroom/hsm'
import type { Statements } from '@strongroom/storage'
import { pinLatch } from './key-registry.ts'
import type { kernelSettings, recoverySettings } from './kernel-settings.ts'
import type { ValuesOf } from './settings.ts'

type KernelValues = ValuesOf<typeof kernelSettings>

/** How an app reaches a token and works with it. */
export type AppToken = TokenConnection & ExecutorOptions

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
