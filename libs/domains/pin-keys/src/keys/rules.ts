import { randomBytes } from 'node:crypto'
import type { Budget } from '@strongroom/guesses'
import type { Binding, LockedKey, LockRequest } from '@strongroom/hsm'
import type { Secret } from '@strongroom/crypto'

const DAY = 24 * 60 * 60

/** Ten guesses at a PIN in seven days. */
export const pinBudget: Budget = { kind: 'pin', guesses: 10, window: 7 * DAY }

/** What a key's ciphertext is bound to: its row, and the epoch of the PIN that locks it. */
const bindKey = (keyId: string, pinEpoch: number): Binding => ({
  table: 'pin_keys.keys',
  row: keyId,
  owner: keyId,
  purpose: 'encryption-key',
  version: pinEpoch,
})

export const lockWith = (pin: Secret, { keyId, pinEpoch }: { keyId: string; pinEpoch: number }): LockRequest => ({
  binding: bindKey(keyId, pinEpoch),
  factor: pin,
})

/** Stands in for a key that does not exist, so that a guess at it costs the HSM what a wrong PIN costs. No PIN fits. */
export const lockOfNothing = (): LockedKey => ({ verifier: randomBytes(32), envelope: new Uint8Array() })
