import type { Keystore } from '@strongroom/hsm'
import { readKeyData } from '../accounts/key-data.ts'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import type { Owner } from '../accounts/names.ts'

/** Whether a key may answer for the account: a person's, that counts, as we wrote it. */
export const mayAnswer = async (hsm: Keystore, owner: Owner, key: KeyRow): Promise<boolean> =>
  key.accountId === owner.id && key.type === 'user-key' && key.state === 'active' && isGenuineKey(hsm, owner, key)

const lastUsed = (key: KeyRow): number => (key.lastUsedAt ?? key.createdAt).getTime()

/** Whom to ask: the device that was used last among those that can be told; else the one that was used last. */
export async function chooseDestination(
  hsm: Keystore,
  owner: Owner,
  keys: readonly KeyRow[],
): Promise<KeyRow | undefined> {
  let silent: KeyRow | undefined
  for (const key of keys.toSorted((one, other) => lastUsed(other) - lastUsed(one))) {
    if (!(await mayAnswer(hsm, owner, key))) continue
    const { device } = await readKeyData(hsm, owner, key)
    if (device?.pushToken) return key
    silent ??= key
  }
  return silent
}
