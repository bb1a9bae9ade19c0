import { fromUtf8, type Secret } from '@strongroom/crypto'
import { HsmRefusal } from './errors.ts'
import { CKF, CKR, CKU } from './pkcs11/cryptoki.ts'
import { isDeviceError, isPinRefusal } from './pkcs11/device-error.ts'
import type { Session } from './pkcs11/session.ts'
import type { FoundToken } from './pkcs11/token.ts'
import { hashPin, isLatched, type PinLatch } from './pin-latch.ts'

export interface Login {
  readonly pin: Secret
  readonly pinLatch: PinLatch
  /** Try the PIN although the token says that few tries are left. Of its last try, and once locked, never. */
  readonly lowPinCount: LowPinCount
}

export type LowPinCount = 'refuse' | 'accept'

/**
 * Whether the PIN may be tried at all: throws `HsmRefusal` where it was refused before. Answers what a low count is worth:
 * one that is explained by a latched PIN, changed since, is accepted (a corrected PIN works).
 */
export async function refuseLatchedPin(
  tokenLabel: string,
  { pin, pinLatch, lowPinCount }: Login,
): Promise<LowPinCount> {
  const entry = await pinLatch.read()
  if (entry === undefined) return lowPinCount
  if (await isLatched(entry, pin)) {
    const remedy = 'change the configured PIN; if the token was given this PIN since, delete the latch entry'
    throw new HsmRefusal(
      'pin-latched',
      `the token "${tokenLabel}" refused this PIN before, it is not tried again: ${remedy}`,
    )
  }
  return 'accept'
}

/** Throws `HsmRefusal` where the token counts down for a reason that is not ours. */
export function refuseLowCount(token: FoundToken, lowPinCount: LowPinCount): void {
  refuseLastTry(token)
  if ((token.flags & CKF.pinCountLow) === 0 || lowPinCount === 'accept') return
  const remedy = "log in by hand with the right PIN, or set lowPinCount to 'accept' once"
  throw new HsmRefusal('pin-low', `somebody gave the token "${token.description.label}" a wrong PIN: ${remedy}`)
}

/** Never the last try, and nothing at all on a locked token, whatever is configured. Throws `HsmRefusal`. */
export function refuseLastTry({ flags, description: { label } }: FoundToken): void {
  if ((flags & CKF.pinLocked) !== 0) {
    const remedy = 'let its security officer set a new one'
    throw new HsmRefusal('pin-locked', `the PIN of the token "${label}" is locked: ${remedy}`)
  }
  if ((flags & CKF.pinFinalTry) !== 0) {
    const remedy = 'log in by hand with the right PIN, which resets the count'
    throw new HsmRefusal('pin-low', `the token "${label}" has one PIN try left: ${remedy}`)
  }
}

/** One try. A login that the process already has is as good. Throws `HsmRefusal` (PIN refused) or `DeviceError`. */
export function logIn(session: Session, { label, pin }: { label: string; pin: Secret }): void {
  try {
    session.login(CKU.user, fromUtf8(pin.expose()))
  } catch (error) {
    if (isDeviceError(error, CKR.userAlreadyLoggedIn)) return
    if (!isPinRefusal(error)) throw error
    const remedy = 'correct the configured PIN; this one is not tried again'
    throw new HsmRefusal('pin-refused', `the token "${label}" refused the PIN (${error.message}): ${remedy}`)
  }
}

/** Remembers the PIN if `error` says that the token refused it. */
export async function latchIfRefused(
  error: unknown,
  { pin, pinLatch }: Pick<Login, 'pin' | 'pinLatch'>,
): Promise<void> {
  if (error instanceof HsmRefusal && error.reason === 'pin-refused') await pinLatch.write(await hashPin(pin))
}
