import { toHex } from '@strongroom/crypto'
import type { KeyRow } from '../accounts/key-row.ts'
import { timestamp } from '../accounts/views.ts'
import type { Change } from './contract.ts'
import type { ChangeRow } from './store.ts'

export const changeView = (row: ChangeRow, keys: readonly KeyRow[]): Change => ({
  id: row.id,
  chainName: row.chainName,
  changes: row.changes,
  digest: toHex(row.digest),
  askedBy: keys.filter(({ id }) => id === row.askedBy).map(({ publicKey }) => toHex(publicKey))[0] ?? '',
  state: row.state,
  opensAt: timestamp(row.opensAt),
  createdAt: timestamp(row.createdAt),
})
