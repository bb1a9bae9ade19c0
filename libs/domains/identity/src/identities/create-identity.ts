import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { isAdmin } from '../ledger/authority.ts'
import { drawAccount } from '../ledger/key-of-nobody.ts'
import type { Policies } from '../policies.ts'
import { conflict, notAllowed, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { foldAddress } from '../wallets/names.ts'
import { isContactTaken } from '../wallets/store.ts'
import { createIdentities, createIdentity } from './contract.ts'
import { describeFull, describeTo } from './describe.ts'
import { identityMade } from './events.ts'
import { forgetAccount } from './forget-account.ts'
import { nameOf } from './names.ts'
import type { IdentityResource, NewIdentityGiven } from './shapes.ts'
import { findHolder, findIdentity, holdName, insertIdentity, prepareIdentity, type StampedIdentity } from './store.ts'

type CreateDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'random' | 'ledger' | 'policies' | 'limits'>

const noWallets = 'this domain gets no wallets'

export const create = implement<CreateDeps>()(createIdentity, async ({ proof, body: { data }, ip }, deps) => {
  const isByAdmin = proof !== undefined && (await isAdmin(deps.ledger, proof.keyId))
  if (Array.isArray(data)) return isByAdmin ? createAll(deps, data) : notAllowed()
  if (!isByAdmin && (await deps.limits.creations.take(ip))) return tooMany()
  const wish = wishOf(data)
  if (isRefused(deps.policies, wish)) return wrongField('/data/attributes/email', noWallets)
  const made = await make(deps, wish)
  return made instanceof Refusal ? made : reply(200, { data: describeTo(made, { [wish.kind]: wish.text }) })
})

export const createMany = implement<CreateDeps>()(createIdentities, async ({ proof, body }, deps) =>
  (await isAdmin(deps.ledger, proof.keyId)) ? createAll(deps, body.data) : notAllowed(),
)

interface Wish {
  readonly kind: 'email' | 'phone'
  readonly text: string
}

const wishOf = ({ attributes: { email, phone_number: phone } }: NewIdentityGiven): Wish =>
  email ? { kind: 'email', text: email } : { kind: 'phone', text: phone ?? '' }

/** Nobody could come for the account. */
const isRefused = ({ refusedDomains }: Policies, { kind, text }: Wish): boolean =>
  kind === 'email' && refusedDomains.includes(foldAddress(text).split('@').at(-1) ?? '')

/** In their order, one after the other: who asks again after an outage is answered those that were made, and the rest. */
async function createAll(deps: CreateDeps, given: readonly NewIdentityGiven[]) {
  const wishes = given.map(wishOf)
  const refused = wishes.findIndex((wish) => isRefused(deps.policies, wish))
  if (refused >= 0) return wrongField(`/data/${String(refused)}/attributes/email`, noWallets)
  const data: IdentityResource[] = []
  const skipped: string[] = []
  for (const [index, wish] of wishes.entries()) {
    const shown = await findOrMake(deps, wish)
    if (shown) data.push(shown)
    else skipped.push(`/data/${String(index)}`)
  }
  return reply(200, { data, meta: { skipped } })
}

/** None for an address that a wallet is made with at the moment, or that one keeps for itself. */
async function findOrMake(deps: CreateDeps, wish: Wish): Promise<IdentityResource | undefined> {
  const key = { kind: wish.kind, name: await nameOf(deps.hsm, wish.kind, wish.text) }
  const known = await findIdentity(deps, key)
  if (known) return describeFull(deps.hsm, known)
  if ((await make(deps, wish)) instanceof Refusal) return undefined
  const made = await findIdentity(deps, key)
  return made && describeFull(deps.hsm, made)
}

/** The ledger first: what a crash leaves is an account that nobody names. */
async function make(deps: CreateDeps, { kind, text }: Wish): Promise<StampedIdentity | Refusal<'conflict'>> {
  const { database, hsm, random, ledger } = deps
  const key = { kind, name: await nameOf(hsm, kind, text) }
  if (await isTaken(database, key)) return conflict()
  const address = drawAccount(random)
  await ledger.createAccount({ account: address, signers: [] })
  const identity = await prepareIdentity(deps, {
    address,
    status: 'unregistered',
    walletId: null,
    findable: true,
    contents: { [kind]: text },
  })
  const made = await database.transaction(async (tx) => {
    await holdName(tx, key.name)
    if ((await isTaken(tx, key)) || !(await insertIdentity(tx, identity))) return conflict()
    await recordEvent(tx, identityMade, { subject: address, detail: { by: kind } })
    return identity
  })
  if (made instanceof Refusal) await forgetAccount(ledger, address)
  return made
}

const isTaken = async (
  statements: Statements,
  key: { readonly kind: Wish['kind']; readonly name: Uint8Array },
): Promise<boolean> =>
  (await findHolder(statements, key)) !== undefined ||
  (key.kind === 'email' && (await isContactTaken(statements, key.name)))
