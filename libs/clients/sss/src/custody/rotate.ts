import { Secret } from '@strongroom/crypto'
import type { KeyRecord, SecurityLevel } from '../api/answers.ts'
import { SssError } from '../api/error.ts'
import { didOf } from '../did.ts'
import { type Shares, shareToHex, splitSeed } from '../shares.ts'
import { CustodyError, type CustodyOptions, placesOf, walletLogin } from './context.ts'
import { settleWaiting } from './log-in.ts'

export interface Rotation {
  readonly shares: Shares
  readonly shareVersion: number
}

/**
 * New shares of the same seed: POST auth-share, PUT auth-share on the condition that nobody was faster. Recovery
 * methods of the last five versions stay good.
 * @throws SssError 409 when another device rotated meanwhile
 */
export async function rotate(custody: CustodyOptions, seed: Secret): Promise<Rotation> {
  const record = await custody.api.keys.readAuthShare(await custody.login())
  if (!record) throw new CustodyError('no-account')
  return storeShares(custody, seed, record)
}

/**
 * Splits and stores. The new device share waits beside the old one until the server has taken its other half: when no
 * answer comes, either may be the right one, and `logIn` finds out.
 */
export async function storeShares(custody: CustodyOptions, seed: Secret, record?: KeyRecord): Promise<Rotation> {
  const { id, pending } = placesOf(custody)
  const { store, api } = custody
  const did = didOf(seed)
  // What waits from an earlier try may be this device's only share: it is looked at before another takes its place.
  await settleWaiting(custody, did)
  const expected = record?.shareVersion
  const login = await walletLogin(custody, seed)
  const shares = await splitSeed(seed)
  const next = (expected ?? 0) + 1
  await store.write(pending, { share: shares.device, shareVersion: next, did })
  const securityLevel: SecurityLevel = record?.securityLevel ?? 'basic'
  const stored = await api.keys
    .storeAuthShare(login, {
      authShare: new Secret(shareToHex(shares.auth)),
      primaryDid: did,
      securityLevel,
      keyProvider: 'sss',
      ...(expected !== undefined && { expectedShareVersion: expected }),
    })
    .catch(async (error: unknown) => {
      if (error instanceof SssError && !error.isOutage) await store.remove(pending)
      throw error
    })
  const shareVersion = stored.shareVersion ?? next
  await store.write(id, { share: shares.device, shareVersion, did })
  await store.remove(pending)
  return { shares, shareVersion }
}
