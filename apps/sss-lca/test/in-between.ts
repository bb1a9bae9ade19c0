import { openDatabase, sql } from '@strongroom/storage'
import { overtaken, type TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'

/** A request that has found a record and waits for what it holds, while the record goes to another contact. */
export function movedWhileRead<Answer>(app: TestApp, did: string, ask: () => Promise<Answer>): Promise<Answer> {
  const account = `(select id from secret_shares.accounts where primary_did = '${did}')`
  const elsewhere = `set envelope = overlay(envelope placing sha256(envelope) from octet_length(envelope) - 39)`
  return overtaken({
    adminUrl: app.database.adminUrl,
    hold: 'lock table secret_shares.recovery_methods in access exclusive mode',
    ask,
    change: `update secret_shares.shares ${elsewhere} where account_id = ${account};
      update secret_shares.recovery_methods ${elsewhere} where account_id = ${account};
      update secret_shares.accounts set lookup = sha256(lookup) where primary_did = '${did}'`,
  })
}

/** Two requests that have read the records and wait for them, the first one first. */
export async function inThisOrder<One, Other>(app: TestApp, one: () => Promise<One>, other: () => Promise<Other>) {
  const holder = openDatabase({ connectionString: app.database.adminUrl, connections: 1 })
  const waiting = async () => {
    // Who is next for a row holds its tuple lock, and the others queue up for that.
    const queue = `select from pg_locks where locktype = 'tuple' and relation = 'secret_shares.accounts'::regclass`
    return (await app.sql(queue)).length
  }
  try {
    const both = await holder.transaction(async (tx) => {
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await tx.run(sql`select from secret_shares.accounts for update`)
      const first = one()
      await expect.poll(waiting).toBe(1)
      const second = other()
      await expect.poll(waiting).toBe(2)
      return { answers: Promise.all([first, second]) }
    })
    return await both.answers
  } finally {
    await holder.close()
  }
}
