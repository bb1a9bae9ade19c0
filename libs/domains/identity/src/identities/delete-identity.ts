import { implement, Refusal, reply } from '@strongroom/http'
import { isAdmin } from '../ledger/authority.ts'
import { notAllowed, notFound } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { deleteIdentity, userRegistered } from './contract.ts'
import { forgetAccount } from './forget-account.ts'
import { nameOf } from './names.ts'
import { dropUnregistered, findIdentity, holdName } from './store.ts'

export const remove = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>>()(
  deleteIdentity,
  async ({ params: { identifier }, proof }, deps) => {
    const { database, hsm, ledger } = deps
    if (!(await isAdmin(ledger, proof.keyId))) return notAllowed()
    const kind = identifier.includes('@') ? 'email' : 'phone'
    const name = await nameOf(hsm, kind, identifier)
    const found = await findIdentity(deps, { kind, name })
    if (!found) return notFound()
    if (found.status !== 'unregistered') return userRegistered()
    const gone = await database.transaction(async (tx) => {
      await holdName(tx, name)
      // A wallet that waits for its address to be verified is a user who registers.
      return (await dropUnregistered(tx, found, proof.keyId)) ? 'gone' : userRegistered()
    })
    if (gone instanceof Refusal) return gone
    await forgetAccount(ledger, found.address)
    return reply(204, undefined)
  },
)
