import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { sql, type Statements } from '@strongroom/storage'
import { isOwner } from '../ledger/authority.ts'
import { prepareMessage, queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import { fieldRefused, notAllowed, notFound, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { factorChanged, factorDeleted } from '../wallets/events.ts'
import type { MessageKind } from '../wallets/messages.ts'
import { nameWallet } from '../wallets/names.ts'
import { changeState, type Factor, findWallet, type Wallet } from '../wallets/store.ts'
import { deleteFactor, updateFactor } from './contract.ts'
import { displacedBy } from './displaced-by.ts'
import { passFactors } from './pass-factors.ts'

/** The wallet that is named, for a key that signs for its account; and its own factor of that number, no other's. */
async function findOwn(
  deps: IdentityDeps,
  { walletId, factorId }: { walletId: string; factorId: number },
  key: string,
) {
  const name = await nameWallet(deps.hsm, walletId)
  const wallet = await findWallet(deps, name)
  if (!wallet) return notFound()
  if (!(await isOwner(deps.ledger, { account: wallet.accountId, key }))) return notAllowed()
  const factor = wallet.factors.find(({ id }) => id === factorId)
  return factor ? { wallet, walletId, name, factor } : notFound()
}

export const update = implement<IdentityDeps>()(updateFactor, async ({ params, proof, body }, deps) => {
  const { priority } = body.data.attributes
  const own = await findOwn(deps, params, proof.signed.keyId)
  if (own instanceof Refusal) return own
  const { wallet, factor } = own
  if (factor.type === 'password' && priority === 0)
    return wrongField('/data/attributes/priority', 'a password cannot be disabled')
  const refused = await passFactors(deps, { ...own, raisedTo: priority, stepUp: proof.factors })
  if (refused) return refused

  const displaced = displacedBy(wallet.factors, factor, priority)
  const changed = await changeFactors(deps, wallet, {
    factor,
    isStill: (factors) => displacedBy(factors, factor, priority)?.ref === displaced?.ref,
    kind: priority === 0 ? 'factor-disabled' : 'factor-enabled',
    next: (factors) => factors.map((one) => (one.id === factor.id ? { ...one, priority } : one)),
    work: async (tx) => {
      await tx.run(sql`update identity.factors set priority = ${priority} where id = ${factor.id}`)
      const detail = { factor: factor.id, type: factor.type, priority }
      await recordEvent(tx, factorChanged, { subject: wallet.id, detail })
    },
  })
  return changed instanceof Refusal ? changed : reply(204, undefined)
})

export const remove = implement<IdentityDeps>()(deleteFactor, async ({ params, proof }, deps) => {
  const own = await findOwn(deps, params, proof.signed.keyId)
  if (own instanceof Refusal) return own
  const { wallet, factor } = own
  if (factor.type === 'password')
    return fieldRefused({ meta: { field: 'factorId', error: 'a password cannot be deleted' } })
  const refused = factor.priority > 0 ? await passFactors(deps, { ...own, stepUp: proof.factors }) : undefined
  if (refused) return refused

  const changed = await changeFactors(deps, wallet, {
    factor,
    kind: 'factor-deleted',
    next: (factors) => factors.filter(({ id }) => id !== factor.id),
    work: async (tx) => {
      await tx.run(sql`delete from identity.factors where id = ${factor.id}`)
      await recordEvent(tx, factorDeleted, { subject: wallet.id, detail: { factor: factor.id, type: factor.type } })
    },
  })
  return changed instanceof Refusal ? changed : reply(204, undefined)
})

interface FactorChange {
  readonly factor: Factor
  /** Whether of these factors the same would have been demanded. */
  isStill?(factors: readonly Factor[]): boolean
  readonly kind: MessageKind
  next(factors: readonly Factor[]): readonly Factor[]
  work(tx: Statements): Promise<void>
}

/** A factor that was enabled or removed since it was looked at is decided anew by its owner. */
async function changeFactors(deps: IdentityDeps, { id, lookup }: Wallet, change: FactorChange) {
  return changeState(
    deps,
    // Under the id that was asked for: a password that was changed meanwhile changes no factor.
    () => findWallet(deps, lookup),
    async (current) => {
      const known = current?.factors.find((one) => one.id === change.factor.id)
      if (!current || known?.priority !== change.factor.priority) return notFound()
      if (change.isStill?.(current.factors) === false) return notFound()
      const { email } = await openContents(deps.hsm, current)
      const message = await prepareMessage(deps, { kind: change.kind, to: email })
      return {
        next: { factors: change.next(current.factors) },
        work: async (tx: Statements) => {
          await change.work(tx)
          await queueMessage(tx, id, message)
        },
      }
    },
  )
}
