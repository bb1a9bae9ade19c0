import { appendEvent } from '@strongroom/audit'
import { implement, reply } from '@strongroom/http'
import { sql } from '@strongroom/storage'
import { isAdmin } from '../ledger/authority.ts'
import { deleteWallet, notAllowed } from './contract.ts'
import type { IdentityDeps } from './deps.ts'
import { walletDeleted } from './events.ts'
import { nameWallet } from './names.ts'

export const remove = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>>()(
  deleteWallet,
  async ({ params, proof }, { database, hsm, ledger }) => {
    if (!(await isAdmin(ledger, proof.keyId))) return notAllowed()
    const lookup = await nameWallet(hsm, params.walletId)
    await database.run(sql`
      with gone as (delete from identity.wallets where lookup = ${lookup} returning id)
      ${appendEvent(walletDeleted, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`gone` })}`)
    return reply(204, undefined)
  },
)
