import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { walletDocument } from '../access/wallet-document.ts'
import { isOwner } from '../ledger/authority.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict, notAllowed, notFound, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { walletRestored } from '../wallets/events.ts'
import { nameWallet } from '../wallets/names.ts'
import { findWallet } from '../wallets/store.ts'
import { replaceWallet } from './apply-change.ts'
import { restoreWallet } from './contract.ts'
import { dropHolds, findHold, findLetIn } from './holds.ts'
import { dropRecovery, isOnLedger } from './store.ts'

/** The ledger takes back its side first: asked again after a crash, it answers the same. */
export const restore = implement<IdentityDeps>()(restoreWallet, async ({ params, proof, ip }, deps) => {
  const { hsm, ledger } = deps
  if (await deps.limits.attempts.take(ip)) return tooMany()
  const lookup = await nameWallet(hsm, params.walletId)
  const hold = await findHold(deps, lookup)
  if (!hold) return notFound()
  const { accountId: account, walletId: id } = hold
  if (!(await isOwner(ledger, { account, key: proof.keyId }))) return notAllowed()
  // Who recovers twice has the second key let in, and the first one's hold brought back.
  for (const signer of await findLetIn(deps, id))
    if ((await ledger.cancelKycRecovery({ account, signer })) === 'refused') return conflict()
  const restored = await replaceWallet(deps, id, {
    replacement: hold,
    kind: 'wallet-restored',
    prepare: () =>
      Promise.resolve(async (tx) => {
        const letIn = [...(await dropHolds(tx, id)), ...(await dropRecovery(tx, id))]
        if (!letIn.includes(hold.signer) || (await isOnLedger(tx, id))) return conflict()
        await recordEvent(tx, walletRestored, { subject: id, detail: {} })
        return letIn
      }),
  })
  if (restored instanceof Refusal) return restored
  // Of a recovery that ended after the first look.
  for (const signer of restored) await ledger.cancelKycRecovery({ account, signer })
  const wallet = await findWallet(deps, lookup)
  if (!wallet) return notFound()
  const { email, keychain } = await openContents(hsm, wallet)
  return reply(200, walletDocument({ wallet, walletId: params.walletId, email, keychain }))
})
