import { recordEvent } from '@strongroom/audit'
import { implement, reply } from '@strongroom/http'
import { isAdmin } from '../ledger/authority.ts'
import { keyValues, type LedgerSigner } from '../ledger/ledger.ts'
import { judgeSigner, MOST_SIGNERS, numberOf, signerRoles } from '../ledger/signer-rules.ts'
import { notAllowed, notFound, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { addSigner, userRegistered } from './contract.ts'
import { signerAdded } from './events.ts'
import { findIdentity } from './store.ts'

/** A service's key, until somebody is given the account: it goes then. */
export const addSystemSigner = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>>()(
  addSigner,
  async ({ params, proof, body }, deps) => {
    const { database, ledger } = deps
    if (!(await isAdmin(ledger, proof.keyId))) return notAllowed()
    const identity = await findIdentity(deps, params)
    if (!identity) return notFound()
    if (identity.status !== 'unregistered') return userRegistered()
    const { id: key, attributes } = body.data
    const { role_id: role = numberOf(await ledger.keyValue(keyValues.defaultSignerRole)) ?? Number.NaN, ...given } =
      attributes
    const signer: LedgerSigner = { key, role, ...given }
    const roles = await signerRoles(ledger)
    const known = (await ledger.signersOf(identity.address)) ?? []
    const fault = judgeSigner(signer, roles) ?? (known.some((one) => one.key === key) ? 'key-repeated' : undefined)
    if (fault) return wrongField('/data', `the ledger takes no such signer: ${fault}`)
    if (known.length >= MOST_SIGNERS) return tooManySigners()
    // Told before it is done: whoever reads the log afterwards sees no signer that is not in it.
    await recordEvent(database, signerAdded, { subject: identity.address, detail: { key: proof.keyId, signer: key } })
    const adopted = await ledger.adoptAccount({ account: identity.address, signers: [signer], others: 'stay' })
    if (adopted === 'taken') return userRegistered()
    if (adopted === 'full') return tooManySigners()
    const { weight, identity: number } = signer
    return reply(201, {
      data: { id: key, type: 'identity-signer', attributes: { role_id: role, weight, identity: number } },
    })
  },
)

const tooManySigners = () => wrongField('/data', 'the ledger takes no such signer: too-many-signers')
