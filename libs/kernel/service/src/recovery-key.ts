import {
  type Binding,
  decodeRecoveryPublicKey,
  encodeRecoveryPublicKey,
  type Keystore,
  type RecoveryPublicKey,
} from '@strongroom/hsm'
import { Secret } from '@strongroom/crypto'
import type { Statements } from '@strongroom/storage'
import { sealedRecoveryKey, storeRecoveryKey } from './key-registry.ts'

export const recoveryKeyBinding = (app: string): Binding => ({
  table: 'keystore.recovery_key',
  row: 'public_key',
  owner: app,
  purpose: 'recovery-public-key',
})

/** The public key, as the app's own token vouches for it. `undefined`: not provisioned yet. Throws `Unopenable` for a planted one. */
export async function readRecoveryKey(
  statements: Statements,
  hsm: Keystore,
  app: string,
): Promise<RecoveryPublicKey | undefined> {
  const sealed = await sealedRecoveryKey(statements)
  return sealed && decodeRecoveryPublicKey((await hsm.open(sealed, recoveryKeyBinding(app))).expose())
}

/** For tokens that the app was given since; only who provisions may write here. */
export async function completeRecoveryKey(statements: Statements, hsm: Keystore, app: string): Promise<void> {
  const sealed = await sealedRecoveryKey(statements)
  const complete = sealed && (await hsm.completeRecipients(sealed, recoveryKeyBinding(app)))
  if (complete) await storeRecoveryKey(statements, complete)
}

export async function keepRecoveryKey(
  statements: Statements,
  hsm: Keystore,
  { app, publicKey }: { app: string; publicKey: RecoveryPublicKey },
): Promise<void> {
  await storeRecoveryKey(
    statements,
    await hsm.seal(new Secret(encodeRecoveryPublicKey(publicKey)), recoveryKeyBinding(app)),
  )
}
