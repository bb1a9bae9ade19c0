import { implement, reply } from '@strongroom/http'
import { notAllowed } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { managerOf } from './authority.ts'
import { deleteInvites } from './contract.ts'
import { deleteInvites as markDeleted, findByIds } from './store.ts'

/** All of them, or none; nobody but administrators learns that there is nothing to delete. */
export const remove = implement<Pick<IdentityDeps, 'database' | 'ledger'>>()(
  deleteInvites,
  async ({ proof, body }, { database, ledger }) => {
    const key = proof.keyId
    const asked = new Map(body.data.map(({ id, type }) => [Number(id), type]))
    const ids = [...asked.keys()].filter((id) => Number.isSafeInteger(id))
    const known = (await findByIds(database, ids)).filter(({ id, type }) => (asked.get(id) ?? type) === type)
    const sales = known.length > 0 ? new Set(known.map(({ sale }) => sale || undefined)) : [undefined]
    const managers = []
    for (const sale of sales) {
      const manager = await managerOf(ledger, { key, sale })
      if (!manager) return notAllowed()
      managers.push(manager)
    }
    const [{ account } = { account: '' }] = managers
    await markDeleted(database, { ids: known.map(({ id }) => id), account, key })
    return reply(204, undefined)
  },
)
