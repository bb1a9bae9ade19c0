import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { isOwner } from '../ledger/authority.ts'
import { notAllowed, notFound } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { changeIdentifier } from './change-identifier.ts'
import { changePassport, changePhone, changeTelegram, notSupported } from './contract.ts'
import { identifierChanged } from './events.ts'
import { openIdentity } from './names.ts'
import { findIdentity, prepareUpdate, updateIdentity } from './store.ts'

export const phone = implement<IdentityDeps>()(changePhone, async ({ params, proof, body }, deps) => {
  const { keyId: key } = proof.signed
  const text = body.data.attributes.phone
  const change = { account: params.address, type: 'phone', text, key, stepUp: proof.factors } as const
  const changed = await changeIdentifier(deps, change)
  return changed instanceof Refusal ? changed : reply(204, undefined)
})

export const telegram = implement<IdentityDeps>()(changeTelegram, async ({ params, proof, body }, deps) => {
  if (!deps.messenger) return notSupported()
  const { keyId: key } = proof.signed
  const text = body.data.attributes.username
  const change = { account: params.address, type: 'telegram', text, key, stepUp: proof.factors } as const
  const changed = await changeIdentifier(deps, change)
  return changed instanceof Refusal ? changed : reply(204, undefined)
})

/** No factor: nobody is sent anything by it, and nobody verifies it. */
export const passport = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>>()(
  changePassport,
  async ({ params, proof, body }, deps) => {
    const { database, hsm, ledger } = deps
    if (!(await isOwner(ledger, { account: params.address, key: proof.keyId }))) return notAllowed()
    const identity = await findIdentity(deps, params)
    // What is nobody's has no passport: a service may sign for it.
    if (identity?.status !== 'active') return notFound()
    const contents = { ...(await openIdentity(hsm, identity)), passport: body.data.attributes.passport }
    const next = await prepareUpdate(hsm, identity, { contents })
    await database.transaction(async (tx) => {
      await updateIdentity(tx, next)
      await recordEvent(tx, identifierChanged, { subject: identity.address, detail: { kind: 'passport' } })
    })
    return reply(204, undefined)
  },
)
