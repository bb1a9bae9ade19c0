import type { Statements } from '@strongroom/storage'
import type { Credentials } from '../shapes.ts'

/** Whose session it is, and by which of the account's keys. */
export interface SessionOf {
  readonly accountId: string
  readonly appId: string
  readonly keyId: string
  /** x and y. */
  readonly publicKey: Uint8Array
  /** By the database’s clock, where it was just read. */
  readonly now?: Date
}

/** Tokens of signed-in keys; `tokens/` issues them. */
export interface Sessions {
  /** A new family of tokens, and with it that the key was used. Asks the token: never within a transaction. */
  open(session: SessionOf): Promise<Credentials>
  /** In the caller's transaction: what was issued to this key is good for nothing any more. */
  end(tx: Statements, keyId: string): Promise<void>
}
