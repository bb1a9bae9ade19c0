import type { BackupRecipient } from '../api/keys.ts'
import { SssError } from '../api/error.ts'
import { toEmailShare } from '../email-share.ts'
import type { CustodyOptions } from './context.ts'
import type { Rotation } from './rotate.ts'

/** `failed`: the shares are stored, the mail did not go out. */
export type EmailBackup = 'off' | 'sent' | 'failed'

/** After shares were stored: a mail that is refused does not undo them. */
export async function tryEmailBackup(custody: CustodyOptions, rotation: Rotation): Promise<EmailBackup> {
  if (!custody.emailBackup) return 'off'
  try {
    await sendEmailShare(custody, rotation, custody.emailBackup)
    return 'sent'
  } catch (error) {
    if (error instanceof SssError) return 'failed'
    throw error
  }
}

export async function sendEmailShare(
  custody: CustodyOptions,
  { shares, shareVersion }: Rotation,
  to: BackupRecipient,
): Promise<void> {
  const emailShare = toEmailShare({ share: shares.email, shareVersion })
  await custody.api.keys.sendEmailBackup(await custody.login(), emailShare, to)
}
