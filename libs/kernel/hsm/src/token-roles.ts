import { HsmRefusal } from './errors.ts'
import type { KeyNeed, TokenDescription } from './keystore.ts'

// Recovery keys live on a token of their own: who logs in to the first must not be able to open their copies.

const remedy = 'use two tokens, or two partitions with a serial number and a PIN each'

/**
 * Throws `HsmRefusal` where both are one token by serial and model, or cannot be told apart: tokens of NSS all carry
 * one serial.
 */
export function assertDifferentTokens(a: TokenDescription, b: TokenDescription): void {
  if (a.serial !== b.serial || a.model !== b.model) return
  const names = a.label === b.label ? `"${a.label}"` : `"${a.label}" and "${b.label}"`
  throw new HsmRefusal('token-shared', `${names} have one serial and model (${a.serial}, ${a.model}): ${remedy}`)
}

/** What one token is asked to hold. Throws `HsmRefusal` for a recovery key beside another. */
export function refuseSharedToken(needs: readonly KeyNeed[]): void {
  if (needs.some(isRecovery) && !needs.every(isRecovery)) refuseRoles('a recovery key stands beside keys of other jobs')
}

export function refuseRecoveryKeys(keys: readonly KeyNeed[]): void {
  if (keys.some(isRecovery)) refuseRoles('openKeystore takes no recovery key, openRecoveryKeystore does')
}

export function refuseOtherKeys(keys: readonly KeyNeed[]): void {
  if (!keys.every(isRecovery)) refuseRoles('openRecoveryKeystore takes recovery keys alone')
}

const isRecovery = ({ job }: KeyNeed): boolean => job === 'recover'

function refuseRoles(fault: string): never {
  throw new HsmRefusal('token-shared', `${fault}: ${remedy}`)
}
