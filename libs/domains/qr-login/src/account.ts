import type { Login } from '@strongroom/proofs/contract'
import type { Tx } from '@strongroom/storage'

/** Whom a session may be approved for, as the domain that keeps accounts knows them. */
export interface Account {
  /** Never passes to another account. */
  readonly id: string
  /** The account's own DID. */
  readonly did: string
}

/** The account of a person who logged in, where there is one; given by the app. */
export type FindAccount = (login: Login) => Promise<Account | undefined>

/** Whether the account is there still; it stays to the end of the transaction. Given by the app. */
export type HoldAccount = (tx: Tx, accountId: string) => Promise<boolean>
