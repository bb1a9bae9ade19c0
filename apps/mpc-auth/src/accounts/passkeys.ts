import type { PasskeyRules } from '@strongroom/proofs'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

/** On which pages passkeys sign in; on none where none is configured. */
export function passkeysFrom(values: ValuesOf<typeof settings>): PasskeyRules | undefined {
  const { PASSKEY_RP_ID: rpId, PASSKEY_ORIGINS: origins } = values
  if (rpId === undefined && origins.length === 0) return undefined
  if (rpId === undefined || origins.length === 0)
    throw new TypeError('PASSKEY_RP_ID and PASSKEY_ORIGINS are given together')
  return { rpId, origins }
}
