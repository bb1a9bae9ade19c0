import { Secret } from '@strongroom/crypto'
import {
  type Binding,
  type Keystore,
  type RecoveryKeystore,
  type RecoveryPublicKey,
  sealForRecovery,
} from '@strongroom/hsm'

/** Who can open copies of keys: the token that only the worker logs in to. */
export interface Recovery {
  readonly publicKey: RecoveryPublicKey
  readonly deployment: string
  readonly app: string
}

/** What a copy is bound to. The PIN may change; the copy stays the same. */
export const bindCopy = (keyId: string, purpose: 'encryption-key' | 'recovery-copy'): Binding => ({
  table: 'pin_keys.recovery_copies',
  row: keyId,
  owner: keyId,
  purpose,
})

/**
 * A copy of a key, for the recovery token. Sealed by the app's own token as well: anybody who can write SQL can encrypt to
 * a public key, and a planted copy would put a key of theirs under the owner's new PIN.
 */
export function copyKey(
  hsm: Keystore,
  { publicKey, ...tenant }: Recovery,
  { keyId, key }: { keyId: string; key: Secret },
) {
  const copy = sealForRecovery(publicKey, key, { ...tenant, binding: bindCopy(keyId, 'encryption-key') })
  return hsm.seal(new Secret(copy), bindCopy(keyId, 'recovery-copy'))
}

/** Throws `Unopenable` for a copy of another key, and for one that the app did not make. */
export async function openCopy(
  { hsm, recovery }: { hsm: Keystore; recovery: RecoveryKeystore },
  { keyId, sealed }: { keyId: string; sealed: Uint8Array },
): Promise<Secret> {
  const copy = await hsm.open(sealed, bindCopy(keyId, 'recovery-copy'))
  return recovery.open(copy.expose(), bindCopy(keyId, 'encryption-key'))
}
