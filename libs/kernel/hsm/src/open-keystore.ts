import { recoveryKeystoreOn } from './keystore-on-executor.ts'
import type { KeystoreOptions, SeveralTokensOptions } from './keystore-options.ts'
import { type Keystore, loadable, type RecoveryKeystore } from './keystore.ts'
import { openExecutor } from './open-executor.ts'
import { openOne, openSeveral } from './several/open-several.ts'
import { refuseOtherKeys, refuseRecoveryKeys } from './token-roles.ts'

/**
 * Logs in once, refuses any key that is missing, unfit for its job or not the recorded one, and answers a keystore that
 * heals by itself when the token goes and comes back. Of several tokens those that are away join when they come. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function openKeystore(options: KeystoreOptions | SeveralTokensOptions): Promise<Keystore> {
  const keys = loadable(options.keys)
  refuseRecoveryKeys(keys)
  return 'tokens' in options ? openSeveral({ ...options, keys }) : openOne({ ...options, keys })
}

/** The same for the second token, whose keys are recovery keys and nothing else. */
export async function openRecoveryKeystore(options: KeystoreOptions): Promise<RecoveryKeystore> {
  refuseOtherKeys(options.keys)
  return recoveryKeystoreOn(await openExecutor(options))
}
