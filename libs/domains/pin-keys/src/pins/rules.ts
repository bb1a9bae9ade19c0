import { randomBytes } from 'node:crypto'
import type { Secret } from '@strongroom/crypto'
import type { Binding, LockedKey, LockRequest } from '@strongroom/hsm'

export interface KeyEpoch {
  readonly keyId: string
  readonly pinEpoch: number
}

/** What a key's ciphertext is bound to: its row, and the epoch of the PIN that locks it. */
export const bindKey = ({ keyId, pinEpoch }: KeyEpoch): Binding => ({
  table: 'pin_keys.keys',
  row: keyId,
  owner: keyId,
  purpose: 'encryption-key',
  version: pinEpoch,
})

export const lockWith = (pin: Secret, epoch: KeyEpoch): LockRequest => ({ binding: bindKey(epoch), factor: pin })

/** Stands in for a key that does not exist, so that a guess at it costs the HSM what a wrong PIN costs. No PIN fits. */
export const lockOfNothing = (): LockedKey => ({ verifier: randomBytes(32), envelope: new Uint8Array() })
