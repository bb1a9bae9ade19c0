import { issueKey, openKey } from './issued-key.ts'
import { readPair } from './held-pair.ts'
import { issuedPublicKey, issueKeyPair, signWithIssued } from './issued-pair.ts'
import { lockHalves } from './lock-halves.ts'
import { issueLockedKey, rewrapKey, unlockKey } from './locked-key.ts'
import { mac, macs } from './mac.ts'
import { open } from './open.ts'
import { seal } from './seal.ts'
import { lockRecoveredKey, prepareLock } from './prepared-lock.ts'
import { raiseEpoch, readEpoch } from './epoch.ts'
import { drawKey, holdKey, holdPair, holdPayload, readPayload, sealKeys } from './recipients.ts'
import { renewRecipient } from './renew-recipient.ts'
import { openRecovered, recoveryPublicKey } from './recovery.ts'
import { ed25519PublicKey, signEd25519 } from './sign-ed25519.ts'
import { publicKey, sign } from './sign.ts'

/**
 * Every composite operation by name. Requests and results are plain data, so that they can cross to another process. None
 * compares what somebody guessed, and none but `raiseEpoch` changes the token: one whose answer was lost may be asked again.
 */
export const operations = {
  seal,
  open,
  mac,
  macs,
  sign,
  publicKey,
  signEd25519,
  ed25519PublicKey,
  issueKey,
  openKey,
  issueKeyPair,
  signWithIssued,
  issuedPublicKey,
  issueLockedKey,
  lockHalves,
  unlockKey,
  rewrapKey,
  prepareLock,
  lockRecoveredKey,
  recoveryPublicKey,
  openRecovered,
  sealKeys,
  drawKey,
  readPayload,
  holdPayload,
  holdKey,
  renewRecipient,
  readEpoch,
  raiseEpoch,
  readPair,
  holdPair,
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
  macs: false,
  sign: false,
  publicKey: false,
  signEd25519: false,
  ed25519PublicKey: false,
  issueKey: false,
  openKey: true,
  issueKeyPair: false,
  signWithIssued: true,
  issuedPublicKey: true,
  issueLockedKey: false,
  lockHalves: false,
  unlockKey: true,
  rewrapKey: true,
  prepareLock: false,
  lockRecoveredKey: true,
  recoveryPublicKey: false,
  openRecovered: true,
  sealKeys: false,
  drawKey: false,
  readPayload: true,
  holdPayload: false,
  holdKey: false,
  renewRecipient: true,
  readEpoch: false,
  raiseEpoch: false,
  readPair: true,
  holdPair: false,
}
