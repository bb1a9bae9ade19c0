import type { Keystore } from '@strongroom/hsm'
import type { UserKey } from '../shapes.ts'
import { keyBytes } from '../public-key.ts'
import { type KeyData, writeKeyData } from './key-data.ts'
import { stampKey } from './key-row.ts'
import type { NewCredential, NewKey } from './keys-store.ts'
import type { Owner } from './names.ts'

export interface KeyWish {
  readonly id: string
  readonly state: 'pending' | 'active'
  /** Of a passkey whose making was judged. */
  readonly credential?: NewCredential
}

/** A key of the wire, ready to be inserted: stamped, and what is told of it sealed. Asks the token: before a transaction. */
export function drawUserKey(hsm: Keystore, owner: Owner, wish: KeyWish & { readonly key: UserKey }): Promise<NewKey> {
  const { key } = wish
  const { publicKey: _same, ...device } = key.device ?? {}
  const data: KeyData = {
    ...(key.device && { device }),
    ...(key.type === 'passkey' && key.passKey && { passKey: key.passKey }),
  }
  return drawKey(hsm, owner, { ...wish, type: 'user-key', kind: key.type, publicKey: keyBytes(key.publicKey), data })
}

export interface DrawnKey extends KeyWish, Pick<NewKey, 'type' | 'kind' | 'publicKey'> {
  readonly data: KeyData
}

export async function drawKey(
  hsm: Keystore,
  owner: Owner,
  { id, state, type, kind, publicKey, data, credential }: DrawnKey,
): Promise<NewKey> {
  const made = { credentialId: credential?.id ?? null, backupEligible: credential?.backupEligible ?? null }
  const [stamp, sealed] = await Promise.all([
    stampKey(hsm, owner, { id, type, kind, publicKey, state, ...made }),
    writeKeyData(hsm, owner, { id, data }),
  ])
  const key = { id, accountId: owner.id, type, kind, publicKey, state, stamp, envelope: null, data: sealed }
  return { ...key, ...(credential && { credential }) }
}

/** Whether the device, where it names its key as well, names the same. */
export const isOneKey = ({ publicKey, device }: UserKey): boolean => (device?.publicKey ?? publicKey) === publicKey
