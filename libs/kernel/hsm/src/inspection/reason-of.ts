import { HsmRefusal, HsmUnavailable, Unsupported } from '../errors.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { KeyLook } from './inspection.ts'

type Told = NonNullable<KeyLook['refusal']>

/** Why a step could not be taken, as data. Throws what is no answer of a token. */
export function reasonOf(error: unknown): Told {
  if (error instanceof HsmRefusal) return { reason: error.reason, message: error.message }
  if (error instanceof Unsupported) return { reason: 'unsupported', message: error.message }
  if (error instanceof HsmUnavailable || error instanceof DeviceError) return { reason: 'away', message: error.message }
  throw error
}
