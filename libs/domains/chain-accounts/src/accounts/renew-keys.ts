import { fromHex } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'

/** Told of once more: it is kept for another while. False where it is gone, or counts already. */
export const renewKey = async (statements: Statements, id: string): Promise<boolean> =>
  (await statements.run(sql`
    update chain_accounts.keys set updated_at = strongroom.now() where id = ${id} and state = 'pending'`)) === 1

interface Changed {
  readonly kind: 'add-signer' | 'remove-signer'
  readonly publicKey: string
}

/**
 * In the transaction in which we sign for changes of an account's signers: false where a key that comes was revoked, or
 * forgotten, since they were judged. Written to, not locked alone: a sweep that waits for it looks at it once more.
 */
export async function renewAdded(tx: Statements, accountId: string, changes: readonly Changed[]): Promise<boolean> {
  const added = changes.filter(({ kind }) => kind === 'add-signer').map(({ publicKey }) => fromHex(publicKey))
  if (added.length === 0) return true
  const renewed = await tx.run(sql`
    update chain_accounts.keys set updated_at = strongroom.now()
     where account_id = ${accountId} and public_key = any(${added.map((key) => Buffer.from(key))}::bytea[])
       and state <> 'revoked'`)
  return renewed === added.length
}
