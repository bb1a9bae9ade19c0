import { toHex } from '@strongroom/crypto'
import { timestamp } from '../accounts/views.ts'
import type { Recovery } from './contract.ts'
import type { RecoveryRow } from './store.ts'

export const recoveryView = (row: RecoveryRow): Recovery => ({
  id: row.id,
  state: row.state,
  chainName: row.chainName,
  newKey: row.newPublicKey && toHex(row.newPublicKey),
  opensAt: row.opensAt && timestamp(row.opensAt),
  requestedAt: timestamp(row.requestedAt),
})
