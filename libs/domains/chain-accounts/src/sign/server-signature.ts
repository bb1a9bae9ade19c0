import type { SignatureOf } from '@strongroom/chains'
import { sha256 } from '@strongroom/crypto'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { bindServerKey, type Owner } from '../accounts/names.ts'
import type { Keystore } from '@strongroom/hsm'

export interface ServerSignature extends SignatureOf {
  readonly keyIndex: number
}

/**
 * The server’s half, by the account’s own key, inside the token. Whatever it signs was decoded and judged before; never
 * within a transaction.
 */
export async function signAsServer(
  hsm: Keystore,
  owner: Owner,
  { keys, message }: { readonly keys: readonly KeyRow[]; readonly message: Uint8Array },
): Promise<ServerSignature> {
  const key = keys.find((one) => one.type === 'server-key' && one.state === 'active')
  if (!key?.envelope || !(await isGenuineKey(hsm, owner, key)))
    throw new Error('the server’s key of an account is not as we wrote it')
  const { id, envelope, publicKey, keyIndex } = key
  const signature = await hsm.signWithIssued({ envelope, curve: 'p256' }, bindServerKey(owner, id), sha256(message))
  return { publicKey, scheme: 'p256-sha256', signature, keyIndex }
}
