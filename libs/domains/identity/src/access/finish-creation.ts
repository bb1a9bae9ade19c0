import { appendEvent } from '@strongroom/audit'
import { Refusal } from '@strongroom/http'
import { sweep } from '@strongroom/jobs'
import { type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { adoptAccount, findAdoption } from '../identities/adoptions.ts'
import { prepareOwnIdentity } from '../identities/of-wallet.ts'
import type { LedgerSigner } from '../ledger/ledger.ts'
import { clientRouterOf } from '../settings/client-domain.ts'
import { queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletCreated } from '../wallets/events.ts'
import { nameMailbox, type Place } from '../wallets/names.ts'
import { findWalletById } from '../wallets/store.ts'
import { prepareVerification, takeMail } from '../wallets/verification-mail.ts'
import { readSigners } from './signers-to-be.ts'

export type CreationDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'policies' | 'clientRouter'>

interface Made {
  readonly walletId: string
  readonly email: string
  readonly verified: boolean
}

interface Making {
  readonly signers: readonly LedgerSigner[]
  readonly verified: boolean
}

/** Has the ledger make the account, or give the one that waits for whoever verifies the address: then, and not before. */
export async function makeAccount(
  deps: CreationDeps,
  place: Place,
  { signers, verified }: Making,
): Promise<Refusal<'conflict'> | undefined> {
  if (await findAdoption(deps, place.id)) {
    const outcome = verified ? await adoptAccount(deps, place) : 'none'
    return outcome === 'lost' ? conflict() : undefined
  }
  const outcome = await deps.ledger.createAccount({ account: place.accountId, signers })
  return outcome === 'taken' ? conflict() : undefined
}

/** The ledger has the account: from now on the wallet is there, and its address is asked to be verified. */
export async function finishCreation(
  deps: CreationDeps,
  place: Place,
  made: Made,
): Promise<'finished' | Refusal<'conflict'>> {
  const { database, hsm, policies } = deps
  const mailbox = await nameMailbox(hsm, made.email)
  const message = made.verified
    ? undefined
    : await prepareVerification(deps, place, { ...made, router: await clientRouterOf(deps, place.accountId) })
  const writeIdentity = await prepareOwnIdentity(deps, place, made)
  return database.transaction(async (tx) => {
    const finished = await tx.run(sql`
      with made as (update identity.wallets set signers = null where id = ${place.id} and signers is not null returning id)
      ${appendEvent(walletCreated, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`made` })}`)
    // Somebody else finished it, and queued the mail.
    if (finished === 0) return 'finished'
    const identity = await writeIdentity(tx)
    if (identity instanceof Refusal) return identity
    if (message && (await takeMail(tx, policies, mailbox))) await queueMessage(tx, place.id, message)
    return 'finished'
  })
}

/** The ledger has another account of that name: nothing was made. */
export const dropUnmade = (statements: Statements, id: string): Promise<number> =>
  statements.run(sql`delete from identity.wallets where id = ${id} and signers is not null`)

const unmade = z.object({ id: z.uuid(), signers: z.unknown() })

/** No request takes a minute. */
const findUnmade = (database: Database) =>
  database.many(
    unmade,
    sql`select id, signers from identity.wallets
         where signers is not null and coalesce(tried_at, created_at) < strongroom.now() - interval '1 minute'
         order by coalesce(tried_at, created_at) limit 50`,
  )

/** Behind the others: those that fail each time must not fill every batch. */
const putOff = (database: Database, id: string): Promise<number> =>
  database.run(sql`update identity.wallets set tried_at = strongroom.now() where id = ${id}`)

/** An outage of the ledger leaves them for the next time. What fails for one fails after the others had their turn. */
export const creationFinisher = sweep<CreationDeps>()({
  name: 'identity.finish-creations',
  every: 10,
  async run(deps, signal) {
    const failures: unknown[] = []
    for (const wallet of await findUnmade(deps.database)) {
      if (signal.aborted) return
      await finishOne(deps, wallet).catch(async (error: unknown) => {
        failures.push(error)
        await putOff(deps.database, wallet.id)
      })
    }
    if (failures.length > 0) throw failures[0]
  },
})

async function finishOne(deps: CreationDeps, { id, signers: written }: z.output<typeof unmade>): Promise<void> {
  const wallet = await findWalletById(deps, id)
  if (!wallet) return
  const { verified } = wallet
  const signers = await readSigners(deps.hsm, wallet, written)
  const { walletId, email } = await openContents(deps.hsm, wallet)
  const made = { walletId, email, verified }
  const finished =
    (await makeAccount(deps, wallet, { signers, verified })) ?? (await finishCreation(deps, wallet, made))
  if (finished instanceof Refusal) await dropUnmade(deps.database, wallet.id)
}
