import { toBase64url, toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Passkey } from '@strongroom/proofs'
import { column } from '@strongroom/storage'
import { z } from 'zod'
import { isStamped, type Owner, type Stamped, stampOf } from './names.ts'

export const keyRow = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  type: z.enum(['user-key', 'recover-key', 'server-key']),
  kind: z.enum(['device', 'passkey', 'cloud', 'server']),
  /** x and y. */
  publicKey: column.bytes,
  keyIndex: column.count,
  state: z.enum(['pending', 'active', 'revoked']),
  stamp: column.bytes.nullable(),
  envelope: column.bytes.nullable(),
  data: column.bytes.nullable(),
  signCount: z.coerce.number(),
  /** Of a passkey that was shown when it was made. */
  credentialId: column.bytes.nullable(),
  /** Of the same: whether its authenticator may keep it in several places. */
  backupEligible: z.boolean().nullable(),
  createdAt: column.instant,
  lastUsedAt: column.instant.nullable(),
  revokedAt: column.instant.nullable(),
})
export type KeyRow = z.output<typeof keyRow>

type KeyFacts = Pick<KeyRow, 'id' | 'type' | 'kind' | 'publicKey'> &
  Partial<Pick<KeyRow, 'credentialId' | 'backupEligible'>>

const factsOf = (key: KeyFacts, state: KeyRow['state']): Stamped => {
  const { id, type, kind, publicKey, credentialId, backupEligible } = key
  const made = credentialId ? [toHex(credentialId), String(backupEligible)] : []
  return { kind: 'key', name: id, facts: [toHex(publicKey), type, kind, state, ...made] }
}

/** What vouches for a key in that state. */
export const stampKey = (
  hsm: Keystore,
  owner: Owner,
  key: KeyFacts & { readonly state: 'pending' | 'active' },
): Promise<Uint8Array> => stampOf(hsm, owner, factsOf(key, key.state))

/** Whether the row is as we wrote it: another key, account, type or state is not. */
export const isGenuineKey = (hsm: Keystore, owner: Owner, key: KeyRow): Promise<boolean> =>
  isStamped(hsm, owner, { ...factsOf(key, key.state), stamp: key.stamp })

/** What an answer of a passkey is compared with, as far as it is known; bare keys have no id. */
export const passkeyOf = ({
  publicKey,
  credentialId,
  backupEligible,
}: Pick<KeyRow, 'publicKey' | 'credentialId' | 'backupEligible'>): Omit<Passkey, 'signCount'> => ({
  publicKey,
  ...(credentialId && { credentialId: toBase64url(credentialId) }),
  ...(backupEligible !== null && { backupEligible }),
})
