import { recordEvent } from '@strongroom/audit'
import { randomUuid, toHex } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import { sql, type Statements } from '@strongroom/storage'
import { insertFactor } from '../factors/ensure-factor.ts'
import { passFactors } from '../factors/pass-factors.ts'
import type { StepUp } from '../factors/step-up.ts'
import { isOwner } from '../ledger/authority.ts'
import { prepareMessage, queueMessage } from '../wallets/announce.ts'
import { openContents, sealFactor } from '../wallets/contents.ts'
import { conflict, notAllowed, notFound, unverified } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameWallet } from '../wallets/names.ts'
import { changeState, findWalletById, type Wallet } from '../wallets/store.ts'
import { identifierChanged } from './events.ts'
import { prepareHandOver } from './hand-over.ts'
import { nameOf, openIdentity } from './names.ts'
import { findHolder, findIdentity, holdName, type Identity, prepareUpdate, updateIdentity } from './store.ts'

/** Says that somebody is reached at a number or username of theirs. */
export interface IdentifierChange {
  /** `G…` */
  readonly account: string
  readonly type: 'phone' | 'telegram'
  readonly text: string
  readonly key: string
  readonly stepUp: StepUp
}

/** Signed by the owner, and proved by the code that was sent there: it is also where codes go from now on. */
export async function changeIdentifier(deps: IdentityDeps, change: IdentifierChange) {
  const { hsm, ledger, random } = deps
  const { account, type, text, key, stepUp } = change
  if (!(await isOwner(ledger, { account, key }))) return notAllowed()
  const identity = await findIdentity(deps, { address: account })
  const wallet = identity?.walletId ? await findWalletById(deps, identity.walletId) : undefined
  if (!identity || !wallet) return notFound()
  // A key that signs need not know the wallet's id, which opens it: refusals call the wallet something else.
  const walletId = toHex(random(32))
  // Whoever typed an address has nobody sent anything, nor is told whose a number is.
  if (!wallet.verified) return unverified(walletId)
  const name = await nameOf(hsm, type, text)
  const holder = await findIdentity(deps, { kind: type, name })
  if (isAnothers(holder, identity)) return conflict()
  const asking = { wallet, walletId, name: await nameWallet(hsm, walletId), stepUp, claim: { type, address: text } }
  return (await passFactors(deps, asking)) ?? writeIdentifier(deps, wallet.id, { type, text, name })
}

/** What was made for the number, and is nobody's, is the owner's as soon as the number is. */
const isAnothers = (holder: Identity | undefined, { id }: Identity): boolean =>
  holder?.status === 'active' && holder.id !== id

type Proved = Pick<IdentifierChange, 'type' | 'text'> & { readonly name: Uint8Array }

const writeIdentifier = (deps: IdentityDeps, walletId: string, proved: Proved) =>
  changeState<'changed' | Refusal<'conflict'>, Refusal<'not-found'> | Refusal<'conflict'>>(
    deps,
    () => findWalletById(deps, walletId),
    async (wallet) => {
      const identity = wallet && (await findIdentity(deps, { walletId }))
      if (!wallet || !identity) return notFound()
      const { type, text, name } = proved
      const holder = await findIdentity(deps, { kind: type, name })
      if (isAnothers(holder, identity)) return conflict()
      const other = holder && holder.id !== identity.id ? holder : undefined
      const handOver = other && (await prepareHandOver(deps, { nobodys: other, to: identity.address }))
      const contents = { ...(await openIdentity(deps.hsm, identity)), [type]: text }
      const next = await prepareUpdate(deps.hsm, identity, { contents })
      const factor = await prepareFactor(deps, wallet, proved)
      const { email } = await openContents(deps.hsm, wallet)
      const message = await prepareMessage(deps, { kind: `${type}-changed`, to: email })
      return {
        next: { factors: factor.factors },
        work: async (tx: Statements) => {
          await holdName(tx, name)
          await handOver?.(tx)
          const held = await findHolder(tx, { kind: type, name })
          if (held !== undefined && held !== identity.id) return conflict()
          await updateIdentity(tx, next)
          await factor.write(tx)
          await recordEvent(tx, identifierChanged, { subject: identity.address, detail: { kind: type } })
          await queueMessage(tx, walletId, message)
          return 'changed'
        },
      }
    },
  )

/** A factor of its own, so that no token of the old number's is good for the new one. */
async function prepareFactor({ hsm, random }: IdentityDeps, wallet: Wallet, { type, text }: Proved) {
  const { priority = 0 } = wallet.factors.find((one) => one.type === type) ?? {}
  const factor = { ref: randomUuid(random), type, priority }
  const secret = await sealFactor(hsm, { wallet, ref: factor.ref, type }, { address: text })
  return {
    factors: [...wallet.factors.filter((one) => one.type !== type), factor],
    async write(tx: Statements): Promise<void> {
      await tx.run(sql`delete from identity.factors where wallet_id = ${wallet.id} and type = ${type}`)
      await insertFactor(tx, { walletId: wallet.id, ...factor, secret })
    },
  }
}
