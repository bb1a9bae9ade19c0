import type { Binding } from '@strongroom/hsm'
import { bindServerKey, type Owner } from './names.ts'
import { stampKey } from './key-row.ts'
import type { NewKey } from './keys-store.ts'
import type { Keystore } from '@strongroom/hsm'

/** The key of ours that signs beside a person's: generated and wrapped in the token, for this account alone. */
export async function drawServerKey(hsm: Keystore, owner: Owner, id: string): Promise<NewKey> {
  const binding: Binding = bindServerKey(owner, id)
  const { publicKey: point, envelope } = await hsm.issueKeyPair('p256', binding)
  const publicKey = point.subarray(1)
  const key = { id, type: 'server-key', kind: 'server', publicKey, state: 'active' } as const
  return { ...key, accountId: owner.id, envelope, data: null, stamp: await stampKey(hsm, owner, key) }
}
