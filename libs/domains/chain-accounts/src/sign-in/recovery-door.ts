import type { Refusal } from '@strongroom/http'
import type { KeyRow } from '../accounts/key-row.ts'
import type { AccountRow } from '../accounts/store.ts'
import type { ClientApp } from '../apps/contract.ts'
import type { ChainName, Credentials, UserKey } from '../shapes.ts'

/** What `recovery/` decides of sign-ins by a recovery key. */
export interface RecoveryDoor {
  /** Whether its owner asked to recover a moment ago: before that no recovery key is believed. */
  isOpen(account: AccountRow): Promise<boolean>
  /** The recovery key signed rightly, for this one new key. */
  begin(recovered: {
    readonly account: AccountRow
    readonly app: ClientApp
    readonly recoveryKey: KeyRow
    readonly newKey: UserKey
    readonly chainName: ChainName
  }): Promise<
    | Credentials
    | Refusal<'forbidden'>
    | Refusal<'invalid-request'>
    | Refusal<'challenge-not-found'>
    | Refusal<'challenge-expired'>
  >
}
