import { appendEvent } from '@strongroom/audit'
import { sweep } from '@strongroom/jobs'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletCreated } from '../wallets/events.ts'
import { nameMailbox, type Place } from '../wallets/names.ts'
import { prepareVerification, takeMail } from '../wallets/resend-verification.ts'

export type CreationDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'policies' | 'clientRouter'>

interface Made {
  readonly walletId: string
  readonly email: string
  readonly verified: boolean
}

/** The ledger has the account: from now on the wallet is there, and its address is asked to be verified. */
export async function finishCreation(deps: CreationDeps, place: Place, made: Made): Promise<void> {
  const { database, hsm, policies } = deps
  const mailbox = await nameMailbox(hsm, made.email)
  const message = made.verified ? undefined : await prepareVerification(deps, place, made)
  await database.transaction(async (tx) => {
    const finished = await tx.run(sql`
      with made as (update identity.wallets set signers = null where id = ${place.id} and signers is not null returning id)
      ${appendEvent(walletCreated, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`made` })}`)
    // Somebody else finished it, and queued the mail.
    if (finished === 0 || !message || !(await takeMail(tx, policies, mailbox))) return
    await queueMessage(tx, place.id, message)
  })
}

/** The ledger has another account of that name: nothing was made. */
export const dropUnmade = (statements: Statements, id: string): Promise<number> =>
  statements.run(sql`delete from identity.wallets where id = ${id} and signers is not null`)

const Signers = z.array(
  z.object({ key: z.string(), weight: z.int(), role: z.int(), identity: z.int(), details: z.string() }),
)

const unmade = z.object({
  id: z.uuid(),
  lookup: column.bytes,
  contact: column.bytes,
  accountId: z.string(),
  contents: column.bytes,
  verified: z.boolean(),
  signers: Signers,
})

/** No request takes a minute. */
const findUnmade = (database: Database) =>
  database.many(
    unmade,
    sql`select id, lookup, contact, account_id as "accountId", contents, verified, signers from identity.wallets
         where signers is not null and created_at < strongroom.now() - interval '1 minute' order by created_at limit 50`,
  )

/** An outage of the ledger leaves them for the next time. What fails for one fails after the others had their turn. */
export const creationFinisher = sweep<CreationDeps>()({
  name: 'identity.finish-creations',
  every: 10,
  async run(deps, signal) {
    const failures: unknown[] = []
    for (const wallet of await findUnmade(deps.database)) {
      if (signal.aborted) return
      await finishOne(deps, wallet).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  },
})

async function finishOne(deps: CreationDeps, wallet: z.output<typeof unmade>): Promise<void> {
  const { accountId: account, signers, verified } = wallet
  const { walletId, email } = await openContents(deps.hsm, wallet)
  const outcome = await deps.ledger.createAccount({ account, signers })
  if (outcome === 'taken') await dropUnmade(deps.database, wallet.id)
  else await finishCreation(deps, wallet, { walletId, email, verified })
}
