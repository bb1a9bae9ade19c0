import type { kernelSettings } from './kernel-settings.ts'
import type { ValuesOf } from './settings.ts'

/** How an app reaches its token, and what it binds its ciphertexts to. */
export const tokenOf = (app: string, settings: ValuesOf<typeof kernelSettings>) => ({
  module: settings.HSM_MODULE,
  tokenLabel: settings.HSM_TOKEN_LABEL,
  pin: settings.HSM_PIN,
  deployment: settings.DEPLOYMENT,
  app,
  allowSoftware: settings.STRONGROOM_ENV === 'development' ? ('any' as const) : settings.HSM_ALLOW_SOFTWARE,
})
