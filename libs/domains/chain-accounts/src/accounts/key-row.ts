import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
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
  createdAt: column.instant,
  lastUsedAt: column.instant.nullable(),
  revokedAt: column.instant.nullable(),
})
export type KeyRow = z.output<typeof keyRow>

type KeyFacts = Pick<KeyRow, 'id' | 'type' | 'kind' | 'publicKey'>

const factsOf = ({ id, type, kind, publicKey }: KeyFacts, state: KeyRow['state']): Stamped => ({
  kind: 'key',
  name: id,
  facts: [toHex(publicKey), type, kind, state],
})

/** What vouches for a key in that state. */
export const stampKey = (
  hsm: Keystore,
  owner: Owner,
  key: KeyFacts & { readonly state: 'pending' | 'active' },
): Promise<Uint8Array> => stampOf(hsm, owner, factsOf(key, key.state))

/** Whether the row is as we wrote it: another key, account, type or state is not. */
export const isGenuineKey = (hsm: Keystore, owner: Owner, key: KeyRow): Promise<boolean> =>
  isStamped(hsm, owner, { ...factsOf(key, key.state), stamp: key.stamp })
