import type { Secret } from '@strongroom/crypto'
import type { NewRecovery } from '../api/keys.ts'
import { type BackupFile, sealBackup } from '../backup-file.ts'
import { didOf } from '../did.ts'
import { createRecoveryPasskey, sealWithPasskey } from '../passkey.ts'
import type { Credentials, PasskeyOwner } from '../passkey-options.ts'
import { toPhrase } from '../phrase.ts'
import { type CustodyOptions, walletLogin } from './context.ts'
import { type EmailBackup, sendEmailShare, tryEmailBackup } from './email-backup.ts'
import { rotate, type Rotation } from './rotate.ts'

export type RecoveryWish =
  | { readonly type: 'phrase' }
  | { readonly type: 'backup'; readonly password: Secret }
  | { readonly type: 'passkey'; readonly owner: PasskeyOwner; readonly credentials?: Credentials }
  /** To the recovery e-mail that was verified before. */
  | { readonly type: 'email' }

type Kept =
  | { readonly type: 'phrase'; readonly phrase: Secret }
  | { readonly type: 'backup'; readonly file: BackupFile }
  | { readonly type: 'passkey'; readonly credentialId: string }
  | { readonly type: 'email' }

/** What the user keeps, and the version that it fits. */
export type AddedRecovery<Type extends RecoveryWish['type'] = RecoveryWish['type']> = Extract<Kept, { type: Type }> & {
  readonly shareVersion: number
  readonly emailBackup: EmailBackup
}

interface Made {
  readonly kept: Kept
  readonly stored: NewRecovery
}

/**
 * POST auth-share, PUT auth-share (one version on), POST email-backup, POST recovery. A passkey is made before anything
 * is stored: people close the dialogue.
 */
export async function addRecovery<Wish extends RecoveryWish>(
  custody: CustodyOptions,
  seed: Secret,
  wish: Wish,
): Promise<AddedRecovery<Wish['type']>> {
  const make = await prepare(custody, seed, wish)
  const rotation = await rotate(custody, seed)
  const { shareVersion } = rotation
  const { kept, stored } = await make(rotation)
  const emailBackup = wish.type === 'email' ? 'sent' : await tryEmailBackup(custody, rotation)
  await custody.api.keys.addRecovery(await walletLogin(custody, seed), { ...stored, shareVersion })
  return { ...kept, shareVersion, emailBackup } as AddedRecovery<Wish['type']>
}

async function prepare(
  custody: CustodyOptions,
  seed: Secret,
  wish: RecoveryWish,
): Promise<(rotation: Rotation) => Promise<Made>> {
  switch (wish.type) {
    case 'phrase':
      return async ({ shares }) => ({
        kept: { type: 'phrase', phrase: toPhrase(shares.recovery) },
        stored: { type: 'phrase' },
      })
    case 'backup':
      return async ({ shares, shareVersion }) => {
        const file = await sealBackup({ share: shares.recovery, did: didOf(seed), shareVersion }, wish.password)
        return { kept: { type: 'backup', file }, stored: { type: 'backup' } }
      }
    case 'passkey': {
      const passkey = await createRecoveryPasskey(wish.owner, wish.credentials)
      const { credentialId } = passkey
      return async ({ shares }) => ({
        kept: { type: 'passkey', credentialId },
        stored: { type: 'passkey', credentialId, encryptedShare: await sealWithPasskey(passkey, shares.recovery) },
      })
    }
    case 'email':
      return async (rotation) => {
        await sendEmailShare(custody, rotation, { useRecoveryEmail: true })
        return { kept: { type: 'email' }, stored: { type: 'email' } }
      }
  }
}
