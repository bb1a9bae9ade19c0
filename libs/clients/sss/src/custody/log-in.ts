import type { Secret } from '@strongroom/crypto'
import type { AuthShare, KeyRecord, RecoveryMethod } from '../api/answers.ts'
import { isSeedOf } from '../did.ts'
import type { ReceivedTransfer } from '../qr/new-device.ts'
import { combineShares, ShareError, shareFromHex } from '../shares.ts'
import { CustodyError, type CustodyOptions, expectedDid, placesOf } from './context.ts'

export interface Wallet {
  /** 32 bytes: the Ed25519 seed. */
  readonly seed: Secret
  readonly did: string
  readonly shareVersion: number
}

export type LoggedIn =
  | ({ readonly outcome: 'ready' } & Wallet)
  | { readonly outcome: 'no-account' }
  /** This device has no share that fits: recover, or log in by another device. */
  | { readonly outcome: 'recovery-needed'; readonly did: string; readonly methods: readonly RecoveryMethod[] }

/** POST auth-share with the version of this device's share, and the two halves are one seed. */
export async function logIn(custody: CustodyOptions): Promise<LoggedIn> {
  const { id, pending } = placesOf(custody)
  const [kept, waiting] = [await custody.store.read(id), await custody.store.read(pending)]
  const record = await readRecord(custody, kept?.shareVersion)
  if (!record) return { outcome: 'no-account' }
  const did = expectedDid(record, kept?.did ?? waiting?.did)
  const wallet = kept && (await join(kept.share, record, did))
  if (wallet) return { outcome: 'ready', ...wallet, shareVersion: kept.shareVersion ?? record.shareVersion }
  return (await settleWaiting(custody, did)) ?? { outcome: 'recovery-needed', did, methods: record.recoveryMethods }
}

/** Takes what another device handed over, when it fits the account: POST auth-share, then it is this device's share. */
export async function adopt(custody: CustodyOptions, { share, shareVersion, approverDid }: ReceivedTransfer) {
  const record = await readRecord(custody, shareVersion)
  if (!record) throw new CustodyError('no-account')
  const did = expectedDid(record, approverDid)
  const version = shareVersion ?? record.shareVersion
  const seed = await combineShares([share, authShareOf(record)], isSeedOf(did))
  await custody.store.write(placesOf(custody).id, { share, shareVersion: version, did })
  return { seed, did, shareVersion: version } satisfies Wallet
}

/** A share that was kept when no answer came: if the server has its other half, it is this device's share. */
export async function settleWaiting(custody: CustodyOptions, did: string) {
  const { id, pending } = placesOf(custody)
  const waiting = await custody.store.read(pending)
  const record = waiting && (await readRecord(custody, waiting.shareVersion))
  const wallet = record && (await join(waiting.share, record, did))
  if (!wallet) return undefined
  await custody.store.write(id, waiting)
  await custody.store.remove(pending)
  return { outcome: 'ready' as const, ...wallet, shareVersion: waiting.shareVersion ?? record.shareVersion }
}

/** @throws CustodyError when the server has no share of the version that was asked for. */
export function authShareOf({ authShare }: { readonly authShare: AuthShare | null }): Secret {
  if (!authShare) throw new CustodyError('version-gone')
  return shareFromHex(authShare.encryptedData)
}

export const readRecord = async ({ api, login }: CustodyOptions, shareVersion?: number): Promise<KeyRecord | null> =>
  api.keys.readAuthShare(await login(), { shareVersion })

/** `undefined`: the two do not fit. */
async function join(share: Secret, record: KeyRecord, did: string) {
  if (!record.authShare) return undefined
  try {
    return { seed: await combineShares([share, authShareOf(record)], isSeedOf(did)), did }
  } catch (error) {
    if (error instanceof ShareError) return undefined
    throw error
  }
}
