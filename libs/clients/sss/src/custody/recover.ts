import type { Secret } from '@strongroom/crypto'
import { openBackup } from '../backup-file.ts'
import { isSeedOf } from '../did.ts'
import { fromEmailShare } from '../email-share.ts'
import { openWithPasskey } from '../passkey.ts'
import type { Credentials } from '../passkey-options.ts'
import { fromPhrase } from '../phrase.ts'
import { combineShares } from '../shares.ts'
import { CustodyError, type CustodyOptions, expectedDid } from './context.ts'
import { authShareOf, readRecord, type Wallet } from './log-in.ts'

export type RecoveryProof =
  | { readonly by: 'phrase'; readonly phrase: Secret }
  | { readonly by: 'backup'; readonly file: unknown; readonly password: Secret }
  | { readonly by: 'email'; readonly emailShare: Secret }
  | {
      readonly by: 'passkey'
      /** As `RecoveryMethod.credentialId` names it. */
      readonly credentialId: string
      readonly rpId: string
      readonly credentials?: Credentials
    }

interface Found {
  readonly share: Secret
  readonly shareVersion?: number | undefined
  readonly did?: string
}

/**
 * The seed, from what the user kept: GET recovery (phrase, passkey), POST auth-share of that version. This device has
 * no share of its own yet: `rotate` gives it one.
 */
export async function recover(custody: CustodyOptions, proof: RecoveryProof): Promise<Wallet> {
  const { share, shareVersion, did: remembered } = await findShare(custody, proof)
  const record = await readRecord(custody, shareVersion)
  if (!record) throw new CustodyError('no-account')
  const did = expectedDid(record, remembered)
  const seed = await combineShares([share, authShareOf(record)], isSeedOf(did))
  return { seed, did, shareVersion: shareVersion ?? record.shareVersion }
}

async function findShare(custody: CustodyOptions, proof: RecoveryProof): Promise<Found> {
  switch (proof.by) {
    case 'phrase':
      return findByPhrase(custody, proof.phrase)
    case 'backup':
      return openBackup(proof.file, proof.password)
    case 'email':
      return fromEmailShare(proof.emailShare)
    case 'passkey':
      return findByPasskey(custody, proof)
  }
}

async function findByPhrase({ api, login }: CustodyOptions, phrase: Secret): Promise<Found> {
  const share = fromPhrase(phrase)
  const stored = await api.keys.readRecovery(await login(), { type: 'phrase' })
  return { share, shareVersion: stored?.shareVersion }
}

async function findByPasskey(
  { api, login }: CustodyOptions,
  { credentialId, rpId, credentials }: Extract<RecoveryProof, { by: 'passkey' }>,
): Promise<Found> {
  const stored = await api.keys.readRecovery(await login(), { type: 'passkey', credentialId })
  if (typeof stored?.encryptedShare !== 'object') throw new CustodyError('version-gone')
  const share = await openWithPasskey(stored.encryptedShare, { rpId, credentialId }, credentials)
  return { share, shareVersion: stored.shareVersion }
}
