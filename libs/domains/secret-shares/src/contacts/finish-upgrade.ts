import type { Keystore } from '@strongroom/hsm'
import { sweep } from '@strongroom/jobs'
import { providers } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { z } from 'zod'
import { openValue } from '../accounts/names.ts'
import { type Account, findAccount, holdAccount, isTakenMeanwhile, placeOf } from '../accounts/store.ts'
import type { LoginProviders } from './login-provider.ts'
import { applyMove, type Destination, isAsRead, isTaken, prepareMove } from './move.ts'
import { endUpgrade, findUnfinished, putOff, type Unfinished } from './upgrade-store.ts'

const Facts = z.object({
  provider: z.enum(providers),
  issuer: z.string(),
  subject: z.string(),
  email: z.string(),
  phone: z.string(),
})

/** A record that was moved, and what its login provider has to be told. */
export interface Upgrade {
  readonly account: Account
  readonly facts: z.output<typeof Facts>
}

export interface UpgradeDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly loginProviders: LoginProviders
}

/** Links the address at the provider. Where the provider says no, or nobody knows what it said, the move is taken back. */
export async function finishUpgrade(
  deps: UpgradeDeps,
  { account, facts }: Upgrade,
): Promise<'linked' | 'taken' | 'unknown'> {
  const { database, loginProviders } = deps
  const { provider, subject, email, phone } = facts
  const outcome = (await loginProviders[provider]?.linkEmail({ subject, email })) ?? 'unknown'
  if (outcome === 'linked') await endUpgrade(database, account.id, 'done')
  else await takeBack(deps, account, { contact: { type: 'phone', value: phone }, login: facts })
  return outcome
}

async function takeBack(deps: UpgradeDeps, account: Account, to: Destination): Promise<void> {
  const moved = await prepareMove(deps, account, to)
  if (!moved) return
  const work = deps.database.transaction(async (tx) => {
    // Changed since it was read: the sweep reads it again.
    if (!(await holdAccount(tx, account)) || !(await isAsRead(tx, moved))) return
    // A new record has the number: this one stays under the address that its owner proved to us.
    if (await isTaken(tx, moved.account)) await endUpgrade(tx, account.id, 'done')
    else if (await endUpgrade(tx, account.id, 'taken-back')) await applyMove(tx, moved)
  })
  await work.catch((error: unknown) => {
    // A new record got the number this very moment: the sweep finds that it is taken.
    if (!isTakenMeanwhile(error)) throw error
  })
}

const nobody = new Uint8Array(32)

/** An outage of the provider leaves it for the next time. What fails for one record fails after the others had their turn. */
export const upgradeFinisher = sweep<UpgradeDeps>()({
  name: 'secret-shares.finish-upgrades',
  every: 30,
  async run(deps, signal) {
    const failures: unknown[] = []
    for (const unfinished of await findUnfinished(deps.database)) {
      if (signal.aborted) return
      await finishOne(deps, unfinished).catch(async (error: unknown) => {
        failures.push(error)
        await putOff(deps.database, unfinished.id)
      })
    }
    if (failures.length > 0) throw failures[0]
  },
})

async function finishOne(deps: UpgradeDeps, { id, lookup, facts: envelope }: Unfinished): Promise<void> {
  const { database, hsm } = deps
  const account = await findAccount(database, { lookup, login: nobody })
  if (account?.id !== id) return
  const facts = Facts.parse(await openValue(hsm, placeOf(account), { purpose: 'upgrade', envelope }))
  await finishUpgrade(deps, { account, facts })
}
