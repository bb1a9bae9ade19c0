import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { holdName } from '../identities/store.ts'
import { conflict, notAllowed, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameContact } from '../wallets/names.ts'
import { type Manager, managerOf } from './authority.ts'
import { createInvite, createInvites, type InviteGiven } from './contract.ts'
import { invitesMade } from './events.ts'
import { sealEmail } from './names.ts'
import { countInvites, insertInvite, type NewInvite, queueKnown } from './store.ts'

type InviteDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'ledger' | 'policies'>

export const create = implement<InviteDeps>()(createInvite, ({ proof, body }, deps) =>
  inviteAll(deps, [body.data], proof.keyId),
)

export const createMany = implement<InviteDeps>()(createInvites, ({ proof, body }, deps) =>
  inviteAll(deps, body.data, proof.keyId),
)

const saleOf = ({ type, relationships }: InviteGiven): string | undefined =>
  type === 'whitelist-invite' ? relationships?.sales : undefined

/** All of them, or none. */
async function inviteAll(deps: InviteDeps, given: readonly InviteGiven[], key: string) {
  const { database, ledger, policies } = deps
  const managers = new Map<string | undefined, Manager>()
  for (const sale of new Set(given.map(saleOf))) {
    const manager = await managerOf(ledger, { key, sale })
    if (!manager) return notAllowed()
    managers.set(sale, manager)
  }
  const invites = await Promise.all(given.map((one) => prepare(deps, one, managers.get(saleOf(one)))))
  const done = await database.transaction(async (tx) => {
    // In one order whoever comes; and whoever signs up meanwhile with one of these addresses does so before or after.
    for (const { contact } of invites.toSorted(byContact)) await holdName(tx, contact)
    for (const invite of invites) if (!(await insertInvite(tx, invite))) return conflict()
    for (const { as, account } of managers.values()) {
      if (as === 'sale-owner' && (await countInvites(tx, account)) > policies.invitesPerDay) return tooMany()
      const detail = { key, invites: invites.filter(({ invitedBy }) => invitedBy === account).length }
      await recordEvent(tx, invitesMade, { subject: account, detail })
    }
    await queueKnown(
      tx,
      invites.map(({ contact }) => contact),
    )
    return 'invited'
  })
  return done instanceof Refusal ? done : reply(204, undefined)
}

const byContact = (a: NewInvite, b: NewInvite): number => (toHex(a.contact) < toHex(b.contact) ? -1 : 1)

async function prepare({ hsm }: InviteDeps, given: InviteGiven, manager: Manager | undefined): Promise<NewInvite> {
  const { email } = given.attributes
  const place = { type: given.type, sale: saleOf(given) ?? '', contact: await nameContact(hsm, email) }
  return { ...place, email: await sealEmail(hsm, place, email), invitedBy: manager?.account ?? '' }
}
