import { CKF } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { LoadedModule } from '../pkcs11/module-registry.ts'
import type { Session } from '../pkcs11/session.ts'
import type { FoundToken } from '../pkcs11/token.ts'
import { profileOf } from '../profiles/index.ts'
import type { ProfileName } from '../profiles/vendor-profile.ts'
import type { TokenLook } from './inspection.ts'
import { versionOf } from './look-at-module.ts'

const MOST_COUNTED = 64
/** What openCryptoki says in place of it. */
const ALMOST_ALL = 0xffff_fffe
const CKF_USER_PIN_INITIALIZED = 0x8
const CKF_USER_PIN_TO_BE_CHANGED = 0x8_0000

/** Before the login, which the PIN's counters may forbid. */
export function lookAtToken(
  { pkcs11 }: LoadedModule,
  { slot, flags, description }: FoundToken,
  profile: ProfileName | undefined,
): TokenLook {
  const info = pkcs11.C_GetTokenInfo(slot)
  const [total, free] = [sizeOf(info.totalPrivateMemory), sizeOf(info.freePrivateMemory)]
  return {
    description,
    firmware: versionOf(info.firmwareVersion),
    profile: profileOf(description, profile).name,
    pin: {
      count: countOf(flags),
      mustBeChanged: (flags & CKF_USER_PIN_TO_BE_CHANGED) !== 0,
      isSet: (flags & CKF_USER_PIN_INITIALIZED) !== 0,
    },
    // CK_EFFECTIVELY_INFINITE
    mostSessions:
      info.maxSessionCount === 0 || info.maxSessionCount === ALMOST_ALL ? 'unlimited' : sizeOf(info.maxSessionCount),
    memory: total !== undefined && free !== undefined && total > 0 ? { total, free } : undefined,
    objects: undefined,
  }
}

/** Of the token alone, not those of sessions. */
export function countObjects(session: Session): number | 'many' | undefined {
  try {
    const { length } = session.findObjects({ token: true })
    return length < MOST_COUNTED ? length : 'many'
  } catch (error) {
    if (isDeviceError(error)) return undefined
    throw error
  }
}

function countOf(flags: number): TokenLook['pin']['count'] {
  if ((flags & CKF.pinLocked) !== 0) return 'locked'
  if ((flags & CKF.pinFinalTry) !== 0) return 'last try'
  return (flags & CKF.pinCountLow) === 0 ? 'full' : 'low'
}

/** CK_UNAVAILABLE_INFORMATION is all ones, in 4 bytes or in 8; a module of the one may answer in the other. */
const sizeOf = (value: number): number | undefined =>
  value >= 0 && value < 0xffff_ffff && Number.isSafeInteger(value) ? value : undefined
