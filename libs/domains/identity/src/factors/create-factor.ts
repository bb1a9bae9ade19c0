import { recordEvent } from '@strongroom/audit'
import { randomUuid } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { isOwner } from '../ledger/authority.ts'
import { prepareMessage, queueMessage } from '../wallets/announce.ts'
import { openContents, sealFactor } from '../wallets/contents.ts'
import { conflict, notAllowed, notFound } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { factorCreated } from '../wallets/events.ts'
import { nameWallet } from '../wallets/names.ts'
import { changeState, findWallet } from '../wallets/store.ts'
import { createFactor } from './contract.ts'
import { insertFactor } from './ensure-factor.ts'
import { passFactors } from './pass-factors.ts'
import { newSeed, seedUri } from './totp.ts'

export const create = implement<IdentityDeps>()(createFactor, async ({ params, proof, body }, deps) => {
  const { hsm, random, policies } = deps
  const { walletId } = params
  const { type } = body.data
  const name = await nameWallet(hsm, walletId)
  const wallet = await findWallet(deps, name)
  if (!wallet) return notFound()
  if (!(await isOwner(deps.ledger, { account: wallet.accountId, key: proof.signed.keyId }))) return notAllowed()
  // A password is made with its wallet, and changed with it.
  if (wallet.factors.some((factor) => factor.type === type)) return conflict()
  const refused = await passFactors(deps, { wallet, walletId, name, stepUp: proof.factors })
  if (refused) return refused

  const { email } = await openContents(hsm, wallet)
  const factor = { ref: randomUuid(random), type, priority: 0 }
  const seed = type === 'totp' ? newSeed(random) : undefined
  const secret = seed === undefined ? undefined : await sealFactor(hsm, { wallet, ref: factor.ref, type }, { seed })
  const message = await prepareMessage(deps, { kind: 'factor-created', to: email })
  const id = await changeState<number, Refusal<'not-found'> | Refusal<'conflict'>>(
    deps,
    () => findWallet(deps, name),
    (current) => {
      if (!current) return Promise.resolve(notFound())
      if (current.factors.some((one) => one.type === type)) return Promise.resolve(conflict())
      return Promise.resolve({
        next: { factors: [...current.factors, factor] },
        work: async (tx: Statements) => {
          const made = await insertFactor(tx, { walletId: current.id, ...factor, ...(secret && { secret }) })
          await recordEvent(tx, factorCreated, { subject: current.id, detail: { factor: made, type } })
          await queueMessage(tx, current.id, message)
          return made
        },
      })
    },
  )
  if (id instanceof Refusal) return id
  const shown =
    seed === undefined ? {} : { secret: seed, seed: seedUri({ issuer: policies.factors.issuer, login: email, seed }) }
  return reply(201, { data: { id: String(id), type: 'backend', attributes: { type, ...shown } } })
})
