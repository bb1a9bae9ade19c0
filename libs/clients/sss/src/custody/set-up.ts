import type { Secret } from '@strongroom/crypto'
import type { CustodyOptions } from './context.ts'
import { walletLogin } from './context.ts'
import { type EmailBackup, tryEmailBackup } from './email-backup.ts'
import { storeShares } from './rotate.ts'

export interface SetUp {
  readonly shareVersion: number
  readonly emailBackup: EmailBackup
}

/** First shares of a seed: PUT auth-share, POST email-backup. */
export async function setUp(custody: CustodyOptions, seed: Secret): Promise<SetUp> {
  const rotation = await storeShares(custody, seed)
  return { shareVersion: rotation.shareVersion, emailBackup: await tryEmailBackup(custody, rotation) }
}

/** For a key that Web3Auth held so far: PUT auth-share, POST migrate, POST email-backup. */
export async function migrate(custody: CustodyOptions, seed: Secret): Promise<SetUp> {
  const rotation = await storeShares(custody, seed)
  await custody.api.keys.markMigrated(await walletLogin(custody, seed))
  return { shareVersion: rotation.shareVersion, emailBackup: await tryEmailBackup(custody, rotation) }
}
