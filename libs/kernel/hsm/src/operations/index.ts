import { issueKey, openKey } from './issued-key.ts'
import { fitsLock, issueLockedKey, openLockedKey, relockKey } from './locked-key.ts'
import { mac } from './mac.ts'
import { open } from './open.ts'
import { seal } from './seal.ts'
import { lockRecoveredKey, prepareLock } from './prepared-lock.ts'
import { openRecovered, recoveryPublicKey } from './recovery.ts'
import { publicKey, sign } from './sign.ts'

/** Every composite operation by name. Requests and results are plain data, so that they can cross to another process. */
export const operations = {
  seal,
  open,
  mac,
  sign,
  publicKey,
  issueKey,
  openKey,
  issueLockedKey,
  fitsLock,
  openLockedKey,
  relockKey,
  prepareLock,
  lockRecoveredKey,
  recoveryPublicKey,
  openRecovered,
} as const

export type Operations = typeof operations
export type OperationName = keyof Operations
export type RequestOf<Name extends OperationName> = Parameters<Operations[Name]>[1]
export type ResultOf<Name extends OperationName> = ReturnType<Operations[Name]>

/** The operations whose stored input may be the reason of a refusal; for all others only the device can be. */
export const judgesStoredValue: Readonly<Record<OperationName, boolean>> = {
  seal: false,
  open: true,
  mac: false,
  sign: false,
  publicKey: false,
  issueKey: false,
  openKey: true,
  issueLockedKey: false,
  fitsLock: false,
  openLockedKey: true,
  relockKey: true,
  prepareLock: false,
  lockRecoveredKey: true,
  recoveryPublicKey: false,
  openRecovered: true,
}
