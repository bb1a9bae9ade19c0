import { recordEvent } from '@strongroom/audit'
import { randomUuid, type RandomSource } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { isOwner } from '../ledger/authority.ts'
import { judgeSigner, signerRoles } from '../ledger/signer-rules.ts'
import { conflict, notAllowed, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { createStoredSigner } from './contract.ts'
import { signerStored } from './events.ts'
import { findSigners, insertSigner, makeSigner } from './store.ts'

type SignerDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'ledger' | 'random' | 'policies'>

/** The owner makes a signer of the key, by a transaction of his own: until then it is good for nothing. */
export const createSigner = implement<SignerDeps>()(createStoredSigner, async ({ params, proof, body }, deps) => {
  const { database, hsm, ledger, random } = deps
  const { address: account } = params
  const { role_id: role, weight } = body.data.attributes
  const { keyId } = proof
  if (!(await isOwner(ledger, { account, key: keyId }))) return notAllowed()
  const [signers = [], roles, stored] = await Promise.all([
    ledger.signersOf(account),
    signerRoles(ledger),
    findSigners(deps, account),
  ])
  const identity = drawIdentity(random, [...signers, ...stored])
  // What the ledger would not take is not made; the key is any, the role and the weight are the caller's.
  const fault = judgeSigner({ key: keyId, role, weight, identity, details: '{}' }, roles)
  if (fault) return wrongField('/data/attributes', `the ledger takes no such signer: ${fault}`)
  const { signersPerAccount: most, unusedKept } = deps.policies.multisig
  const inUse = signers.map(({ key }) => key)
  const signer = await makeSigner(hsm, { id: randomUuid(random), account, identity })
  const kept = await database.transaction(async (tx) => {
    if (!(await insertSigner(tx, signer, { most, unusedKept, inUse }))) return conflict()
    await recordEvent(tx, signerStored, { subject: account, detail: { key: signer.key } })
    return 'kept'
  })
  if (kept instanceof Refusal) return kept
  return reply(200, { data: { id: signer.key, type: 'signer', attributes: { role_id: role, weight, identity } } })
})

const IDENTITY_BYTES = 4

/** Drawn, so that two that are made at once differ, and an owner who counts up from 0 does not come to it. 31 bits: clients count in signed words. */
function drawIdentity(random: RandomSource, others: readonly { readonly identity: number }[]): number {
  for (;;) {
    const identity = Buffer.from(random(IDENTITY_BYTES)).readUInt32BE() >>> 1
    if (!others.some((one) => one.identity === identity)) return identity
  }
}
