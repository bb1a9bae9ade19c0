import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import { unverified } from '../access/contract.ts'
import { passFactors } from '../factors/pass-factors.ts'
import { clientRouterOf } from '../settings/client-domain.ts'
import { prepareMessage, queueMessage } from '../wallets/announce.ts'
import { openContents } from '../wallets/contents.ts'
import { conflict, notFound, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { foldAddress, linkToken, nameMailbox, nameWallet } from '../wallets/names.ts'
import { findWallet, freeNames, takeNames } from '../wallets/store.ts'
import { verificationLink } from '../wallets/verification-link.ts'
import { takeMail } from '../wallets/verification-mail.ts'
import { passwordGiven, prepareChange } from './change.ts'
import { changeAddress } from './contract.ts'
import { isRecovering } from './is-recovering.ts'
import { type Change, dropAddressChange, holdUnchanged, insertChange } from './store.ts'

/** What the new address is mailed. */
export const tokenOfChange = (
  deps: Pick<IdentityDeps, 'hsm'>,
  change: Pick<Change, 'id' | 'walletId' | 'lookup' | 'contact'>,
) => linkToken(deps.hsm, 'change', change.id, change.walletId, toHex(change.lookup), toHex(change.contact))

export const askForAddress = implement<IdentityDeps>()(changeAddress, async ({ params, proof, body, ip }, deps) => {
  const { database, hsm, policies } = deps
  if (await deps.limits.attempts.take(ip)) return tooMany()
  const { walletId } = params
  const name = await nameWallet(hsm, walletId)
  const wallet = await findWallet(deps, name)
  if (!wallet) return notFound()
  if (!wallet.verified) return unverified(walletId)
  const { email } = body.data.attributes
  if (policies.refusedDomains.includes(foldAddress(email).split('@').at(-1) ?? ''))
    return wrongField('/data/attributes/email', 'this domain gets no wallets')
  if (!readAccountKey(passwordGiven(body).accountId))
    return wrongField('/included', 'a password’s account_id is no account key')
  const refused = await passFactors(deps, { wallet, walletId, name, stepUp: proof })
  if (refused) return refused
  if (await isRecovering(deps, wallet)) return conflict()

  const old = await openContents(hsm, wallet)
  const change = await prepareChange(deps, wallet, { given: body, email, kind: 'address' })
  const router = await clientRouterOf(deps, wallet.accountId)
  const link = verificationLink(router, {
    walletId: body.data.id,
    token: await tokenOfChange(deps, change),
  })
  const [mailbox, forNew, forOld] = await Promise.all([
    nameMailbox(hsm, email),
    prepareMessage(deps, { kind: 'verify-new-address', to: email, link }),
    prepareMessage(deps, { kind: 'address-change-asked', to: old.email }),
  ])
  const asked = await database.transaction(async (tx) => {
    if (!(await holdUnchanged(tx, wallet))) return conflict()
    await dropAddressChange(tx, wallet.id)
    await freeNames(tx, wallet.id)
    if (!(await insertChange(tx, change)) || !(await takeNames(tx, wallet.id, change))) return conflict()
    if (!(await queueMessage(tx, wallet.id, forNew))) return tooMany()
    await queueMessage(tx, wallet.id, forOld)
    return (await takeMail(tx, policies, mailbox)) ? 'asked' : tooMany()
  })
  return asked instanceof Refusal ? asked : reply(204, undefined)
})
