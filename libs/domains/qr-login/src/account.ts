import type { Login } from '@strongroom/proofs/contract'

/** Whom a session may be approved for, as the domain that keeps accounts knows them. */
export interface Account {
  /** Never passes to another account. */
  readonly id: string
  /** The account's own DID. */
  readonly did: string
}

/** The account of a person who logged in, where there is one; given by the app. */
export type FindAccount = (login: Login) => Promise<Account | undefined>
