import { toHex } from '@strongroom/crypto'
import type { KeyRow } from '../accounts/key-row.ts'
import type { ChainName } from '../shapes.ts'
import { type Judgeable, judgeThere } from '../sign/cosign.ts'
import type { SignDeps } from '../sign/signer.ts'
import type { RecoveryRow } from './store.ts'

/** Who a recovery is about: the key that asks, and the one that it lets in. */
export interface Parties {
  readonly recoveryKey: KeyRow
  readonly newKey: KeyRow
  readonly lockId: string
}

export function partiesOf({ recoveryKey, newKey, lockId }: RecoveryRow, keys: readonly KeyRow[]): Parties | undefined {
  const by = keys.find(({ id, type, state }) => id === recoveryKey && type === 'recover-key' && state === 'active')
  const added = keys.find(({ id, type, state }) => id === newKey && type === 'user-key' && state === 'pending')
  return by && added && lockId !== null ? { recoveryKey: by, newKey: added, lockId } : undefined
}

export interface Recovering {
  readonly chainName: ChainName
  readonly decoded: Judgeable
  readonly keys: readonly KeyRow[]
  readonly parties: Parties
}

/** Whether it lets in the key that waited, and does nothing that its hold was not of. */
export async function judgeRecovery(
  deps: Pick<SignDeps, 'chains' | 'policies'>,
  { chainName, decoded, keys, parties }: Recovering,
): Promise<boolean> {
  const judged = await judgeThere(deps, { chainName, decoded, keys })
  return (
    judged.kind === 'changes' &&
    judged.changes.some(({ kind }) => kind === 'add-signer') &&
    judged.changes.every((change) => mayDo(change, parties, keys))
  )
}

/** The one new key comes; devices that were lost may go with it, and nothing else. */
function mayDo(
  change: { readonly kind: 'add-signer' | 'remove-signer'; readonly publicKey: string },
  { newKey }: Parties,
  keys: readonly KeyRow[],
): boolean {
  if (change.kind === 'add-signer') return change.publicKey === toHex(newKey.publicKey)
  const key = keys.find(({ publicKey }) => toHex(publicKey) === change.publicKey)
  return key?.type === 'user-key' && key.id !== newKey.id
}
